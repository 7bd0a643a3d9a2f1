"""Python's collector of garbage, which finds objects that hold each other in circles, and when it has nothing to do.

A page makes ten thousand objects and more, none of them in a circle, and whenever a few hundred are new the collector
looks through them, and at times through all that the process holds: rules, models, modules.  That is a tenth of the
time of a page.  While a document is worked on, of bounded size, it can wait.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector wait, in all threads of the process; it goes on afterwards if it was at work before.

    >>> with uncollected():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()
