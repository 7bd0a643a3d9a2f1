"""``python -m cleaner``, and the command ``cleaner``."""

import os

try:
    from cleaner.interrupt import guarded
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run the command line; Ctrl-C is dealt with from here on, before the commands are loaded."""
    # NumPy starts a thread a core for matrices, and each spins for a tenth of a second, in every worker; nothing here
    # multiplies matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with guarded():
        from cleaner.cli import main as commands

        commands(prog_name="cleaner")


if __name__ == "__main__":
    main()
