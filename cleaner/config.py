"""Where each setting comes from: the defaults, cleaner.toml, the environment, the command line; the last one wins.

Only commands look there.  Functions take a `Settings`, and `load_settings` makes the one that a command would use.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

import cleaner.settings
from cleaner.rulebook.model import PROJECT
from cleaner.settings import SIZES, Settings, SettingsError, parse_size

PREFIX = "CLEANER_"
"""Environment variables that set something begin with this: ``CLEANER_PRESET=careful``."""

# Settings whose options have other names: `--map text=body` sets columns.
_OPTIONS = {"MAP": "COLUMNS", "PLUGIN": "PLUGINS"}
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings, and by the name of each setting where it comes from, such as ``cleaner.toml:4``."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(
    folder: Path | str = ".", environ: Mapping[str, str] | None = None, given: Mapping[str, object] | None = None
) -> Settings:
    """The settings that a command uses in ``folder``: its cleaner.toml, then the environment, then what is ``given``.

    ``environ`` stands for the process's own environment.  A cleaner.toml is also read as a rule pack, before others.

    Raises `SettingsError` for what is unknown or cannot be used, with its place.

    >>> load_settings(environ={"CLEANER_PRESET": "careful"}, given={"min_kept": 200}).preset
    'careful'
    """
    return effective(folder, environ, given).settings


def effective(
    folder: Path | str = ".", environ: Mapping[str, str] | None = None, given: Mapping[str, object] | None = None
) -> Effective:
    """As `load_settings`, with the origin of each setting.  ``given`` are values as options have them."""
    project = Path(folder) / PROJECT
    values: dict[str, object] = {}
    origins = dict.fromkeys(Settings.__dataclass_fields__, "default")
    for layer in (
        _of_project(project),
        _of_environment(os.environ if environ is None else environ),
        _of_options(given),
    ):
        for name, (value, origin) in layer.items():
            try:
                Settings(**{name: value})  # type: ignore[arg-type]
            except SettingsError as error:
                raise SettingsError(str(error) if origin.startswith("--") else f"{origin}: {error}") from error
            values[name], origins[name] = value, origin
    rules = [pack for pack in _strings(values.get("rules", ())) if Path(pack) != project]
    if project.is_file():
        values["rules"] = (str(project), *rules)
        origins["rules"] = PROJECT if not rules else f"{PROJECT}, {origins['rules']}"
    return Effective(Settings(**values), origins)  # type: ignore[arg-type]


_Layer = dict[str, tuple[object, str]]


def _of_project(path: Path) -> _Layer:
    """The table ``[settings]`` of a cleaner.toml; its rules are read with the other packs."""
    if not path.is_file():
        return {}
    try:
        source = path.read_text(encoding="utf-8")
        table = tomllib.loads(source).get("settings", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise SettingsError(f"{path.name}: settings: written as a table, [settings]")
    layer: _Layer = {}
    for name, value in table.items():
        origin = f"{path.name}:{_line(source, name)}"
        _known(name, tuple(Settings.__dataclass_fields__), origin)
        layer[name] = _typed(name, value, origin), origin
    return layer


def _line(source: str, name: str) -> int:
    from cleaner.rulebook.source import chunks

    tables = [one for table in chunks(source)[0] if table.name == "settings" for one in (table, *table.inner)]
    found = [
        one
        for table in tables
        for one in table.statements
        if (one.kind == "key" and one.name == name) or (one.kind == "table" and one.name == f"settings.{name}")
    ]
    return source.count("\n", 0, found[0].start) + 1 if found else 1


def _of_environment(environ: Mapping[str, str]) -> _Layer:
    """Variables ``CLEANER_…`` that name a setting; of others, those that look like one in disguise are errors."""
    layer: _Layer = {}
    known = {name.upper(): name for name in Settings.__dataclass_fields__}
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX)
        if name == variable or not environ[variable]:
            continue
        if name in known:
            layer[known[name]] = _parsed(known[name], environ[variable], variable), variable
        elif near := [_OPTIONS[name]] if name in _OPTIONS else difflib.get_close_matches(name, known, 1, cutoff=0.8):
            raise SettingsError(f"{variable}: no such setting; did you mean {PREFIX}{near[0]}?")
    return layer


def _of_options(given: Mapping[str, object] | None) -> _Layer:
    names = {setting.lower(): option.lower() for option, setting in _OPTIONS.items()}
    layer: _Layer = {}
    for name, value in (given or {}).items():
        origin = f"--{names.get(name, name).replace('_', '-')}"
        _known(name, tuple(Settings.__dataclass_fields__), origin)
        layer[name] = value, origin
    return layer


def _known(name: str, names: tuple[str, ...], origin: str) -> None:
    if name not in names:
        near = difflib.get_close_matches(name.replace("-", "_"), names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"settings are {', '.join(names)}"
        raise SettingsError(f"{origin}: no setting {name!r}; {hint}")


@lru_cache(maxsize=1)
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)


def _kinds(name: str) -> set[str]:
    """The plain types that a setting takes: str, int, float, bool, tuple, Mapping."""
    hint = _hints()[name]
    options = get_args(hint) if type(None) in get_args(hint) else (hint,)
    return {getattr(option, "__name__", str(option)) for option in options} - {"NoneType"}


def _typed(name: str, value: object, origin: str) -> object:
    """A TOML value as the setting's own type."""
    kinds = _kinds(name)
    if name in SIZES and isinstance(value, str):
        return _size(name, value, origin)
    if "Mapping" in kinds and isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return value
    if "tuple" in kinds and isinstance(value, str | list):
        values = [value] if isinstance(value, str) else value
        if all(isinstance(one, str) for one in values):
            return tuple(values)
    if "bool" in kinds and isinstance(value, bool):
        return value
    if not isinstance(value, bool):
        if "int" in kinds and isinstance(value, int):
            return value
        if "float" in kinds and isinstance(value, int | float):
            return float(value)
        if "str" in kinds and isinstance(value, str):
            return value
    wanted = {"Mapping": "a table of strings", "tuple": "a list of strings", "str": "a string", "int": "a whole number"}
    wanted |= {"float": "a number", "bool": "true or false"}
    raise SettingsError(
        f"{origin}: {name}: expected {' or '.join(wanted[kind] for kind in sorted(kinds))}, got {value!r}"
    )


def _parsed(name: str, text: str, variable: str) -> object:
    """The value of an environment variable as the setting's own type; lists and tables are separated by commas."""
    kinds = _kinds(name)
    if "Mapping" in kinds:
        return _pairs(text, variable)
    if "tuple" in kinds:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if "bool" in kinds and text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    if name in SIZES:
        return _size(name, text, variable)
    for kind, make in (("int", int), ("float", float)):
        if kind in kinds:
            try:
                return make(text)
            except ValueError:
                raise SettingsError(f"{variable}: {name}: expected a number, got {text!r}") from None
    if "str" in kinds:
        return text
    raise SettingsError(f"{variable}: {name}: expected one of {', '.join(_TRUE + _FALSE)}, got {text!r}")


def _size(name: str, text: str, origin: str) -> int:
    try:
        return parse_size(text)
    except SettingsError as error:
        raise SettingsError(f"{origin}: {name}: {error}") from error


def _pairs(text: str, variable: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(equals and field.strip() and column.strip() for field, equals, column in pairs):
        raise SettingsError(f"{variable}: {text!r} is not FIELD=COLUMN,…, such as text=body,id=key")
    return {field.strip(): column.strip() for field, _, column in pairs}


def _strings(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else ()


def descriptions() -> dict[str, str]:
    """What each setting does: the docstring under it, in plain words."""
    tree = ast.parse(inspect.getsource(cleaner.settings))
    (body,) = (one.body for one in tree.body if isinstance(one, ast.ClassDef) and one.name == "Settings")
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[ast.unparse(field.target)] = _prose(str(below.value.value))
    return found


def _prose(docstring: str) -> str:
    """A docstring without its markup; the names of choices (`AUDITS`) as the choices."""
    text = re.sub(r"`([A-Z]+)`", lambda found: ", ".join(getattr(cleaner.settings, found[1])), docstring)
    return re.sub(r"\s*\(see `[a-z.]+`\)", "", " ".join(text.replace("``", "`").split()))
