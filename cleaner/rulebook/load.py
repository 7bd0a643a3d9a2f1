"""Finds and layers rule packs: common, then languages, then sites, then the packs given by the user."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from cleaner.rulebook.match import Rulebook
from cleaner.rulebook.model import Pack, RuleError, load_pack


def shipped_folder() -> Path:
    """Where the shipped packs are: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).resolve().parent.parent / "rules"
    return inside if inside.is_dir() else inside.parent.parent / "rules"


def pack_files(extra: Sequence[str] = ()) -> list[Path]:
    """The files of all packs in the order of their layers."""
    folder = shipped_folder()
    shipped = [folder / "common.toml", *sorted(folder.glob("lang/*.toml")), *sorted(folder.glob("sites/*.toml"))]
    return [path for path in shipped if path.exists()] + [Path(path) for path in extra]


@lru_cache(maxsize=8)
def load_packs(extra: tuple[str, ...] = ()) -> tuple[Pack, ...]:
    """All packs, read and validated.  Raises `RuleError`, also for an id that two packs claim."""
    packs = tuple(load_pack(path) for path in pack_files(extra))
    owner: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in owner:
                raise RuleError(f"this id is taken by {owner[rule.id]}", file=pack.file, rule=rule.id, key="id")
            owner[rule.id] = pack.file
    return packs


@lru_cache(maxsize=8)
def load_rulebook(extra: tuple[str, ...] = ()) -> Rulebook:
    """The rulebook of all packs.  Raises `RuleError`."""
    return Rulebook([rule for pack in load_packs(extra) for rule in pack.rules])


def pack_hashes(extra: Sequence[str] = ()) -> dict[str, str]:
    """SHA-256 of each pack's file, by its name below the rules folder (or as given)."""
    folder = shipped_folder()
    return {
        path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in pack_files(extra)
    }
