"""``python -m cleaner``, and the command ``cleaner``."""

import os

try:
    from cleaner.interrupt import guarded
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run the command line; Ctrl-C is dealt with from here on, before the commands are loaded."""
    with guarded():
        from cleaner.cli import main as commands

        commands(prog_name="cleaner")


if __name__ == "__main__":
    main()
