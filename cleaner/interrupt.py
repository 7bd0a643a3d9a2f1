"""Ctrl-C on the command line: one line, exit code 130, and soon, whatever the program is at.

Imports next to nothing: it is in force before anything else is loaded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

TYPE_CHECKING = False  # see cleaner/__init__.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

EXIT_INTERRUPTED = 130
# What a command may take to end by itself.  It can be cut off at any moment: what is on disk is whole or made again.
GRACE_SECONDS = 1.2

_line: str | None = "interrupted; nothing was begun, so the same command can be given again"
_guarded = False
_has_said = False
_sockets: list[Any] = []  # held open


class Interrupted(BaseException):
    """Ctrl-C, where click would make another exit code of `KeyboardInterrupt`."""


@contextlib.contextmanager
def interrupted_with(line: str | None) -> Iterator[None]:
    """What is said when the user interrupts what follows; None where the command deals with Ctrl-C itself."""
    global _line
    before, _line = _line, line
    yield
    _line = before  # not after an exception: what was interrupted is what was being done


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Turn Ctrl-C into a line on standard error and exit code 130.

    Python looks after signals between two of its own steps.  A step that takes long, such as a sort in a library, is
    not waited for: a thread that the system wakes ends the process and its workers.
    """
    global _guarded
    if _guarded:
        yield
        return
    _guarded = True
    try:
        with _watched():
            yield
    except (KeyboardInterrupt, Interrupted):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has been heard
        _leave()
    finally:
        _guarded = False


def _leave() -> NoReturn:
    """Say the line once, and end.

    Not by `sys.exit`, after which Python may still take the signal for its cause of death, nor by `print`, which the
    main thread may be in the middle of.
    """
    global _has_said
    said, _has_said = _has_said, True
    if not said:
        with contextlib.suppress(OSError):
            os.write(2, f"{_line or 'interrupted'}\n".encode())
    multiprocessing = sys.modules.get("multiprocessing")
    for worker in multiprocessing.active_children() if multiprocessing is not None else ():
        worker.kill()
    os._exit(EXIT_INTERRUPTED)


@contextlib.contextmanager
def _watched() -> Iterator[None]:
    import socket
    import threading

    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    try:
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    except ValueError:  # not the main thread, which alone hears signals
        yield
        return
    _sockets[:] = ours, theirs
    threading.Thread(target=_watch, args=(ours,), daemon=True).start()
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        raise  # the watch goes on while the process ends
    except BaseException:
        _unwatch(before)
        raise
    else:
        _unwatch(before)


def _unwatch(before: int) -> None:
    signal.set_wakeup_fd(before)
    _sockets[1].close()


def _watch(signals: Any) -> None:
    import time

    while received := signals.recv(64):
        if signal.SIGINT in received and _line is not None:
            time.sleep(GRACE_SECONDS)
            _leave()
