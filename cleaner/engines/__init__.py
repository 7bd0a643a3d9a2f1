"""Engines: what runs the work on batches of documents (`engines.work`), here or elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.engines.work import Engine
    from cleaner.settings import Settings

ENGINES = ("local", "ray")


def open_engine(name: str, settings: Settings, address: str | None = None) -> Engine:
    """An engine by its name; ``address`` is that of a Ray cluster.

    Raises `engines.work.EngineError`, and ValueError for another name.
    """
    if name == "ray":
        from cleaner.engines.ray import RayEngine

        return RayEngine(settings, address)
    if name != "local":
        raise ValueError(f"engine: {name!r} is none of {', '.join(ENGINES)}")
    if address is not None:
        from cleaner.engines.work import EngineError

        raise EngineError("--address is that of a Ray cluster; it needs --engine ray")
    from cleaner.engines.local import LocalEngine

    return LocalEngine(settings)
