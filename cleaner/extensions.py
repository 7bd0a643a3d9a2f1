"""Filters and ingest formats that other installed packages bring: entry points, used only where a setting names them.

A package declares them in its pyproject.toml, one name for all that belongs together:

    [project.entry-points."cleaner.filters"]
    elm = "cleaner_elm:ElmFilter"           # called without arguments, it gives a `cleaner.Filter`
    [project.entry-points."cleaner.formats"]
    elm = "cleaner_elm:ElmFormat"           # called without arguments, it gives a `cleaner.Format`

``Settings(plugins=("elm",))`` and ``--plugin elm`` switch them on.  That a package is installed changes nothing by
itself: what a run does depends on its settings alone, and its manifest tells the versions of the packages.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import IO, Any, Protocol

from cleaner.chain import Filter
from cleaner.errors import CleanerError

FILTERS = "cleaner.filters"
FORMATS = "cleaner.formats"


class PluginError(CleanerError):
    """A plug-in that is not installed or cannot be used; the message names it and says why."""


class Format(Protocol):
    """Reads the records of files that the program does not know by itself.  Holds no state between files.

    >>> class Mailbag:
    ...     suffixes = (".mailbag",)
    ...
    ...     def read(self, stream):
    ...         for letter in stream.read().decode().split("== ")[1:]:
    ...             yield {"text": letter}
    >>> import io
    >>> list(Mailbag().read(io.BytesIO(b"== One== Two")))
    [{'text': 'One'}, {'text': 'Two'}]
    """

    suffixes: tuple[str, ...]
    """Ends of the names of its files, in lower case, each with its dot; ``.gz`` or ``.zst`` may stand behind them."""

    def read(self, stream: IO[bytes]) -> Iterable[Mapping[str, object]]:
        """The records of a file, in order: ``text`` or ``html``, and any of ``id``, ``url``, ``title``, ``date`` …

        ``stream`` gives the decompressed bytes.  What it raises ends the file with a rejected record, ``corrupt``; the
        records before that are in.
        """
        ...


def plugin_filters(names: Sequence[str]) -> list[Filter]:
    """The filters of plug-ins, in the order of their names in the setting.  Raises `PluginError`."""
    return [_made(entry, ("name", "removals")) for entry in _found(names) if entry.group == FILTERS]


@lru_cache(maxsize=8)
def plugin_formats(names: tuple[str, ...]) -> list[Format]:
    """The formats of plug-ins, in the order of their names in the setting.  Raises `PluginError`."""
    return [_made(entry, ("suffixes", "read")) for entry in _found(names) if entry.group == FORMATS]


def plugin_versions(names: Sequence[str]) -> dict[str, str]:
    """Package and version behind each plug-in.  Raises `PluginError`."""
    return {
        entry.name: f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown" for entry in _found(names)
    }


def _found(names: Sequence[str]) -> list[EntryPoint]:
    if not names:
        return []
    installed = [*entry_points(group=FILTERS), *entry_points(group=FORMATS)]
    found = []
    for name in names:
        own = [entry for entry in installed if entry.name == name]
        if not own:
            known = sorted({entry.name for entry in installed})
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"installed are {', '.join(known) or 'none'}"
            raise PluginError(f"plugin: no installed package offers {name!r}; {hint}")
        for group in (FILTERS, FORMATS):
            rivals = {entry.value for entry in own if entry.group == group}
            if len(rivals) > 1:
                raise PluginError(
                    f"plugin {name!r} is offered twice: {', '.join(sorted(rivals))}; uninstall one of them"
                )
        found += list({(entry.group, entry.name): entry for entry in own}.values())
    return found


def _made(entry: EntryPoint, needed: Sequence[str]) -> Any:
    try:
        made = entry.load()()
    except Exception as error:
        raise PluginError(f"plugin {entry.name!r} ({entry.value}) cannot be used: {error}") from error
    missing = [name for name in needed if not hasattr(made, name)]
    if missing:
        raise PluginError(f"plugin {entry.name!r} ({entry.value}) has no {' and no '.join(missing)}")
    return made
