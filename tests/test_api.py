"""The functions: one for each command, light to import, safe in threads and processes, errors of one family."""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import multiprocessing
import pickle
import pkgutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import click
import golden
import hostile
import pyarrow as pa
import pytest
from pages import DOCS
from running import cleaner as command_line

import cleaner
from cleaner import Cleaner, CleanerError, Settings
from cleaner.cli import main
from cleaner.ingest.record import Raw

RAW = [fixture.raw for fixture in golden.all_golden()[::5]] + [hostile.text(n) for n in range(4)]

# Functions whose names are not those of their commands: reading is `load_…` in Python, and completion is the shell's.
OTHERWISE = {
    "rules list": "load_rules",
    "rules show": "load_rules",
    "config show": "load_settings",
    "survey make": "survey",
    "completion": None,
}
# Documents in memory are no matter of the command line, except for looking at (`explain`).
NO_COMMAND = {"apply", "clean", "clean_html"}


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= leaves(command, (*path, name))
        else:
            found[" ".join((*path, name))] = command
    return found


def function_of(words: str) -> str | None:
    return OTHERWISE.get(words, words.replace(" ", "_").replace("-", "_"))


def test_the_functions_are_those_of_the_commands() -> None:
    commands = {name for words in leaves(main) if (name := function_of(words)) is not None}
    functions = {name for name in cleaner.__all__ if inspect.isfunction(getattr(cleaner, name))}
    assert functions == commands | NO_COMMAND
    assert OTHERWISE.keys() <= leaves(main).keys()


# Parameters of commands that only say how something is asked for or printed, or have another name in Python.
SAYS = {
    *("form", "quiet", "width", "context", "whole", "limit", "exit_code", "fail_under", "fail_on_drift", "browse"),
    *("workers", "timeout", "columns", "extra", "no_survey", "least", "most", "filter_name", "patterns", "ignore"),
}
RENAMED = {
    "rules fmt": {"files": "pack"},
    "rules new": {"out": "pack"},
    "rules test": {"own": "shipped"},
    "rules show": {"id": "packs"},  # of the rules that it gives, one has the id
    "restore": {"run": "clean", "out": "removed"},
    "mine": {"out": "inputs"},  # it returns what would be written
}


@pytest.mark.parametrize("words", sorted({*leaves(main)} - {"completion", "explain", "pipe"}))
def test_what_a_command_can_be_told_its_function_can(words: str) -> None:
    settings = set(Settings.__dataclass_fields__)
    known = set(inspect.signature(getattr(cleaner, str(function_of(words)))).parameters)
    told = {str(option.name) for option in leaves(main)[words].params} - SAYS - settings
    assert {RENAMED.get(words, {}).get(name, name) for name in told} <= known, words


@pytest.mark.parametrize("name", sorted({*cleaner.__all__}))
def test_each_public_name_has_an_example_that_runs(name: str) -> None:
    value = getattr(cleaner, name)
    if inspect.isclass(value) and issubclass(value, Exception):
        return  # shown where they are raised
    assert ">>> " in (inspect.getdoc(value) or ""), name


@pytest.mark.parametrize("name", sorted(cleaner.__all__))
def test_each_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(cleaner, name)
    assert inspect.getdoc(value)
    assert not inspect.ismodule(value)
    assert name in dir(cleaner)


def test_no_module_has_the_name_of_a_public_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(cleaner.__path__)}
    assert len(modules) > 10
    assert not modules & {*cleaner.__all__}
    with pytest.raises(AttributeError, match="no attribute 'rnu'"):
        cleaner.rnu  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    code = "import sys; before = set(sys.modules); import cleaner; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others = {name for name in done.stdout.split() if name.split(".")[0] not in sys.stdlib_module_names}
    assert others == {"cleaner"}


def test_cleaning_does_not_import_pandas() -> None:
    """Some calls of Arrow do where it is installed, which takes a third of a second."""
    pytest.importorskip("pandas")
    code = """
import sys, golden, cleaner
from cleaner.ingest.record import Raw
raws = [Raw(id="", source="", text=fixture.raw) for fixture in golden.all_golden()]
raws += [Raw(id="", source="", html=f"<p>{raw.text}") for raw in raws]
print(sum(1 for _ in cleaner.Cleaner().clean_many(raws)) == len(raws) > 100, "pandas" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert done.stdout == "True False\n"


def descendants(kind: type) -> set[type]:
    return {kind}.union(*(descendants(one) for one in kind.__subclasses__()))


def test_errors_are_one_family_and_all_of_it_is_public() -> None:
    for module in pkgutil.walk_packages(cleaner.__path__, "cleaner."):
        if not module.name.startswith("cleaner.plugins.") and module.name != "cleaner.__main__":
            importlib.import_module(module.name)
    family = {one for one in descendants(CleanerError) if one.__module__.startswith("cleaner.")}
    public = {getattr(cleaner, name) for name in cleaner.__all__ if name.endswith("Error")}
    assert public == family | {cleaner.BooksError}
    assert not issubclass(cleaner.BooksError, CleanerError)  # a bug, which nobody should catch as an input's fault


def test_the_reference_says_when_each_error_is_raised() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    for name in cleaner.__all__:
        if name.endswith(("Error", "Warning")):
            assert f"| `{name}` |" in page, name


@pytest.mark.parametrize(
    "call",
    [
        lambda: Settings(preset="x"),
        lambda: cleaner.clean_html("<div>" * 600 + "x"),
        lambda: cleaner.load_rules(["no/such.toml"]),
        lambda: cleaner.run(["no/such"], "out"),
        lambda: cleaner.restore("no/such/run", "no/such/out"),
        lambda: cleaner.card("no/such/run"),
        lambda: cleaner.diff("no/such/run", "no/such/run"),
        lambda: list(cleaner.diff("no/such/run")),
        lambda: cleaner.report("no/such/run"),
        lambda: cleaner.review("no/such/run"),
        lambda: cleaner.sample("no/such/run"),
        lambda: cleaner.precision("no/such/run"),
        lambda: cleaner.survey(["no/such"], "out"),
        lambda: cleaner.survey_merge(["no/such"], "out"),
        lambda: cleaner.mine(["no/such"]),
        lambda: cleaner.rules_test(["no/such.toml"]),
        lambda: cleaner.rules_lint(["no/such.toml"]),
        lambda: cleaner.rules_fmt("no/such.toml"),
        lambda: cleaner.rules_measure(["no/such.jsonl"]),
        lambda: cleaner.rules_apply_verdicts("."),
        lambda: Cleaner(Settings(plugins=("no-such",))),
    ],
)
def test_what_a_caller_can_cause_is_an_error_of_the_family(call: object) -> None:
    with pytest.raises(CleanerError):
        call()  # type: ignore[operator]


def outcomes(one: Cleaner, texts: list[str]) -> list[object]:
    return [one.clean_text(text).removals for text in texts]


def test_a_cleaner_is_safe_in_threads() -> None:
    one = Cleaner()
    wanted = outcomes(Cleaner(), RAW)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda place: outcomes(one, RAW[place:] + RAW[:place]), range(6)):
            assert sorted(map(repr, found)) == sorted(map(repr, wanted))


@pytest.mark.parametrize("is_at_work", (True, False))
def test_the_collector_of_garbage_is_left_as_it_was(is_at_work: bool) -> None:
    cleaner = Cleaner()
    try:
        gc.enable() if is_at_work else gc.disable()
        for html in ("<p>The council voted to rebuild the bridge.</p>", "<div>" * 30_000):  # the second one is refused
            cleaner.clean_raw(Raw(id="a", source="a", html=html))
            assert gc.isenabled() == is_at_work
    finally:
        gc.enable()


def test_a_cleaner_goes_to_other_processes() -> None:
    one = Cleaner(Settings(preset="careful", columns={"text": "body"}))
    data = pickle.dumps(one)
    assert len(data) < 2000
    again = pickle.loads(data)
    assert again.settings == one.settings
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(outcomes, one, RAW[:3]).result() == outcomes(one, RAW[:3])


def test_a_batch_maps_columns_and_names_rows_that_have_no_id() -> None:
    one = Cleaner(Settings(columns={"text": "body", "id": "key"}))
    story = hostile.text(1)
    batch = pa.record_batch({"body": [story, None, story], "key": ["a", None, None], "text": [1, 2, 3]})
    cleaned = one.clean_batch(batch)
    assert cleaned.clean["id"].to_pylist() == ["a", "batch#3"]
    assert cleaned.rejected.select(["id", "reason"]).to_pylist() == [{"id": "batch#2", "reason": "no_text"}]
    both = one.clean_batch(pa.Table.from_batches([batch, batch]))
    assert both.clean["id"].to_pylist() == ["a", "batch#3", "a", "batch#6"]


def test_restore_of_a_run_and_of_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(hostile.text(1) + "Leave a review\n")
    command_line("run", tmp_path / "a.txt", "-o", tmp_path / "out", "--quiet")
    assert cleaner.restore(tmp_path / "out", tmp_path / "back").written == 1
    assert (tmp_path / "back" / "a.txt").read_text() == hostile.text(1) + "Leave a review\n"
    outcome = cleaner.clean(hostile.text(1) + "Leave a review\n")
    removed = [(one.start, outcome.document.text[one.start : one.end]) for one in outcome.removals]
    assert cleaner.restore(outcome.text, removed) == outcome.document.text


def test_rules_by_language_site_and_kind() -> None:
    every = cleaner.load_rules()
    german = cleaner.load_rules(language="de", kind="credit")
    assert {rule.kind for rule in german} == {"credit"}
    assert 0 < len(german) < len(every)
    assert not [rule for rule in cleaner.load_rules(site="elm.example") if rule.sites]


CONSUMER = """
from pathlib import Path
import cleaner
from cleaner import Cleaner, Outcome, Removal, Settings

def titles(texts: list[str]) -> list[str]:
    one = Cleaner(Settings(preset="careful", columns={"text": "body"}))
    outcomes: list[Outcome] = [one.clean_text(text, language="en") for text in texts]
    removals: list[Removal] = [removal for outcome in outcomes for removal in outcome.removals]
    back: str = cleaner.restore("x", [(0, "y")])
    written: int = cleaner.restore(Path("run"), Path("out")).written
    rejected: str | None = next((o.rejected.reason for o in outcomes if o.rejected), None)
    rules: list[str] = [rule.id for rule in cleaner.load_rules(language="en")]
    return [removal.rule for removal in removals] + [back, str(written), rejected or "", *rules]

def wholes(run: Path) -> float | None:
    result = cleaner.run([run], "out", Settings(workers=2))
    documents: int = result.books.documents
    texts: list[str] = [shown.text for shown in cleaner.diff(run)]
    gained: int = cleaner.diff(run, "out").counts["gained"]
    size: int = cleaner.report("out").size
    failures: list[str] = [failure.problem for failure in cleaner.rules_test(["mine.toml"])]
    try:
        cleaner.survey_merge([run], "both")
    except cleaner.CleanerError as error:
        failures.append(str(error))
    estimate = cleaner.precision("out").estimate
    return estimate.precision if estimate and documents + gained + size and texts and failures else None

def wrong() -> int:
    return cleaner.clean("x").text
"""


def test_a_consumer_is_checked_by_mypy_strictly(tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(tmp_path),
        "--config-file",
        "",
        "consumer.py",
    ]
    options = ["--disable-error-code=import-untyped", "--follow-imports=silent"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("consumer.py")]
    assert len(found) == 1, done.stdout
    assert 'Incompatible return value type (got "str", expected "int")' in found[0]


@pytest.mark.slow
def test_a_consumer_is_checked_by_pyright(tmp_path: Path) -> None:
    pytest.importorskip("basedpyright", reason="pip install -e '.[pyright]' (280 MB)")
    (tmp_path / "consumer.py").write_text(CONSUMER)
    options = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": ["consumer.py"]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(options))
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [one for one in json.loads(done.stdout)["generalDiagnostics"] if one["severity"] == "error"]
    assert [one["rule"] for one in found] == ["reportReturnType"], done.stdout
