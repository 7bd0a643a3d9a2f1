"""The commands on finished runs and on rules as functions: ``cleaner.report`` does what ``cleaner report`` does.

Each takes paths and plain values, raises `CleanerError` for what its caller can cause, and prints nothing.  None looks
at a ``cleaner.toml`` by itself: pass the packs that are meant.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from cleaner.errors import CleanerWarning, extra
from cleaner.rulebook.model import PROJECT

if TYPE_CHECKING:
    from cleaner.audit.apply import Change
    from cleaner.audit.diff import Comparison
    from cleaner.audit.index import Index
    from cleaner.audit.measure import Measured
    from cleaner.audit.precision import Precision, Sample
    from cleaner.audit.report import Report
    from cleaner.audit.shown import Shown
    from cleaner.audit.verdicts import Verdicts
    from cleaner.rulebook.lint import Advice
    from cleaner.rulebook.model import Case, Pack
    from cleaner.rulebook.proof import CaseRunner, Failure

Name = str | os.PathLike[str]


@overload
def diff(
    run: Name,
    after: None = None,
    *,
    rule: str | None = None,
    filter: str | None = None,
    site: str | None = None,
    min_confidence: float = 0.0,
    max_confidence: float = 1.0,
) -> Iterator[Shown]: ...
@overload
def diff(run: Name, after: Name, *, examples: int = 3) -> Comparison: ...
def diff(
    run: Name,
    after: Name | None = None,
    *,
    rule: str | None = None,
    filter: str | None = None,
    site: str | None = None,
    min_confidence: float = 0.0,
    max_confidence: float = 1.0,
    examples: int = 3,
) -> Iterator[Shown] | Comparison:
    """What a run removed, document by document; or what changed from a run to another one over the same corpus.

    Of one run: the documents that lost something of what is chosen, in order, each in its pieces with the removals
    that took them.  ``rule`` is an id, filter/code, or a prefix such as ``"en/"``; confidences are from 0 to 1.

    Of two runs: removals gained, lost and changed (the same span, by another rule or with another confidence), counted
    by rule and by site, with so many ``examples`` of each rule and kind of change.  Documents whose source text is not
    the same are counted, not compared.

    Raises `FolderError` and `ViewError` for folders that hold no run, or damaged parts.  Needs the extra ``audit``.

    >>> [(one.source, one.removed_chars) for one in diff("out", rule="en/leave-a-review")]
    [('ferry.txt', 14)]
    >>> diff("out", "out").nothing
    True
    """
    with extra("audit"):
        from cleaner.audit.diff import Chosen, changed_documents, compare
    from cleaner.shards.folder import RunFolder

    if after is not None:
        return compare(Path(run), Path(after), examples)
    return changed_documents(RunFolder(Path(run)), Chosen(filter, rule, site, min_confidence, max_confidence))


def report(
    run: Name,
    out: Name | None = None,
    *,
    verdicts: Name | Verdicts | None = None,
    sample: Name | None = None,
    seed: int = 7,
) -> Report:
    """Write one page about a run: books, filters, rules, sites, rejections, and a sample of what was removed.

    The page goes to ``out``, or to ``report.html`` in the run's folder, needs no network and no other file, and has at
    most 3 MB whatever the corpus.  ``seed`` decides which texts are shown by chance.  Where there are ``verdicts``
    (RUN/verdicts.jsonl unless named otherwise), judged precision stands beside the stated confidence.

    Returns path, size in bytes, and how many of the distinct removed texts are shown.  Raises `FolderError` and
    `ViewError`.  Needs the extra ``audit``.

    >>> report("out").path.name
    'report.html'
    """
    with extra("audit"):
        from cleaner.audit.index import Index
        from cleaner.audit.report import write_report

    page = Path(run) / "report.html" if out is None else Path(out)
    with Index(Path(run)) as index:
        return write_report(index, page, _judged(index, run, verdicts, sample), seed)


def review(
    run: Name,
    *,
    verdicts: Name | Verdicts | None = None,
    sample: Name | None = None,
    port: int = 0,
    ready: Callable[[str], object] = print,
) -> None:
    """Serve the review of a run on the loopback interface, until Ctrl-C ends it.

    ``ready`` is called once with the link, which holds a token: nothing is answered without it.  ``port`` 0 is a free
    one.  Verdicts go to RUN/verdicts.jsonl unless named otherwise.

    Raises `FolderError`, `ViewError`, and `OSError` where the port is taken.  Needs the extra ``audit``.

    >>> review("nowhere")
    Traceback (most recent call last):
    ...
    cleaner.shards.folder.FolderError: nowhere is no run folder: run.json is missing
    """
    with extra("audit"):
        import waitress

        from cleaner.audit.index import Index
        from cleaner.audit.review import HOST, Review, create_app

    with Index(Path(run)) as index:
        application = Review(index, _verdicts(run, verdicts), _sample(run, sample))
        server = waitress.create_server(create_app(application), host=HOST, port=port, threads=4, ident=None)
        try:
            ready(application.listens(server.effective_port))
            server.run()
        finally:
            server.close()


def sample(run: Name, out: Name | None = None, *, per_rule: int = 30, seed: int = 7) -> Sample:
    """Draw distinct removed texts of each rule by chance, for judging in `review`, and write them down.

    ``per_rule`` texts of each rule, or all where it has fewer, go by their hashes to ``out``, or to ``sample.json`` in
    the run's folder, where `report`, `review` and `precision` find them.  The same run and ``seed`` draw the same.

    Raises `FolderError` and `ViewError`.  Needs the extra ``audit``.

    >>> drawn = sample("out", per_rule=5)
    >>> [rule for _, rule in drawn.strata]
    ['en/also-read', 'en/leave-a-review']
    """
    with extra("audit"):
        from cleaner.audit.index import Index
        from cleaner.audit.precision import NAME, draw

    path = Path(run) / NAME if out is None else Path(out)
    with Index(Path(run)) as index:
        drawn = draw(index, per_rule, seed)
    drawn.write(path)
    return drawn


def precision(run: Name, *, verdicts: Name | Verdicts | None = None, sample: Name | None = None) -> Precision:
    """How precise a run is by the verdicts on its sample: by filter, rule, site and language, and as a whole.

    Shares are from 0 to 1 with intervals at 95 %; ``estimate`` is None where nothing was judged.  Verdicts outside the
    sample (RUN/sample.json unless named otherwise) do not count; without a sample all do, and ``drawn`` is 0.

    Raises `FolderError` and `ViewError`.  Needs the extra ``audit``.

    >>> print(precision("out").estimate)
    None
    """
    with extra("audit"):
        from cleaner.audit.index import Index
        from cleaner.audit.precision import measure

    with Index(Path(run)) as index:
        return measure(index, _verdicts(run, verdicts).last.values(), _sample(run, sample))


def _judged(index: Index, run: Name, verdicts: Name | Verdicts | None, sample: Name | None) -> Precision | None:
    """Judged precision where anything was judged; the verdicts are told to the index."""
    from cleaner.audit.precision import measure

    given = _verdicts(run, verdicts)
    index.judge([(*one.key, one.verdict) for one in given.last.values()])
    return measure(index, given.last.values(), _sample(run, sample)) if given.last else None


def _verdicts(run: Name, given: Name | Verdicts | None) -> Verdicts:
    """The verdicts on a run; lines that cannot be read are warned of, not silently left out."""
    from cleaner.audit.verdicts import NAME, Verdicts

    return given if isinstance(given, Verdicts) else read_verdicts(Path(run) / NAME if given is None else given)


def read_verdicts(path: Name) -> Verdicts:
    """The verdicts of a file.  Lines that cannot be read are told by a `CleanerWarning`."""
    from cleaner.audit.verdicts import Verdicts

    found = Verdicts(Path(path))
    if found.damaged:
        lines = ", ".join(map(str, found.damaged[:10]))
        warnings.warn(f"{found.path}: lines that cannot be read are left out: {lines}", CleanerWarning, stacklevel=3)
    return found


def _sample(run: Name, given: Name | None) -> Sample | None:
    """The sample that was drawn of a run, if one was."""
    from cleaner.audit.precision import NAME, read_sample

    path = Path(run) / NAME if given is None else Path(given)
    return read_sample(path) if given is not None or path.exists() else None


def rules_test(packs: Sequence[Name] = (), *, shipped: bool = True) -> list[Failure]:
    """Run every hit, miss, gap, exception and case of the shipped packs and of ``packs``; the proofs that fail.

    The packs of each layer are proved with the packs up to that layer.  Without ``shipped`` ``packs`` alone are proved,
    in a fraction of the time.  Raises `RuleError` for a pack that cannot be read.

    >>> Path("mine.toml").unlink(missing_ok=True)
    >>> _ = rules_new("mine.toml", "mine/sun", pattern=["Sun today:"], hit=["Sun today: 9 h"], miss=["The sun today"])
    >>> rules_test(["mine.toml"], shipped=False)
    []
    """
    from cleaner.rulebook.load import layers
    from cleaner.rulebook.proof import prove_layer

    own = {str(Path(pack)) for pack in packs}
    chosen = (one for one in layers(_packs(packs)) if shipped or any(pack.file in own for pack in one[0]))
    return [failure for layer, below in chosen for failure in prove_layer(layer, below, case_runner(below))]


def rules_lint(packs: Sequence[Name] = ()) -> list[Advice]:
    """Advice on ``packs``, or on the shipped ones without any: dead rules, overlaps, thin proofs, missing evidence.

    Nothing of it is an error; `cleaner.rulebook.lint.CODES` tells what each code means.  Raises `RuleError`.

    >>> Path("mine.toml").unlink(missing_ok=True)
    >>> _ = rules_new("mine.toml", "mine/sun", pattern=["Sun today:"], hit=["Sun today: 9 h"], miss=["The sun today"])
    >>> [advice.code for advice in rules_lint(["mine.toml"])]
    ['few-proofs', 'no-evidence']
    """
    from cleaner.rulebook.lint import lint

    return list(lint(_packs(packs), {str(Path(pack)) for pack in packs} or None))


def rules_fmt(pack: Name, *, check: bool = False) -> bool:
    """Bring a pack into canonical form: rules by id, keys in one order; comments stay.

    True when it was changed; with ``check`` nothing is written, and True when it would be.  Raises `RuleError` for a
    pack that is not valid.

    >>> Path("mine.toml").unlink(missing_ok=True)
    >>> _ = rules_new("mine.toml", "mine/sun", pattern=["Sun today:"], hit=["Sun today: 9 h"], miss=["The sun today"])
    >>> rules_fmt("mine.toml", check=True)
    False
    """
    from cleaner.rulebook.edit import format_file

    return format_file(Path(pack), check=check)


def rules_new(
    pack: Name,
    id: str,
    *,
    pattern: Sequence[str],
    hit: Sequence[str],
    miss: Sequence[str],
    description: str = "",
    kind: str = "promo",
    match: str = "prefix",
    scope: str = "line",
    confidence: float = 0.9,
    languages: Sequence[str] = ("*",),
    sites: Sequence[str] = (),
    credit: str | None = None,
    max_words: int | None = None,
    action: str | None = None,
) -> str:
    """Write a rule with its proof into a pack, which is begun if it is not there; returns the rule as written (TOML).

    ``pattern`` are alternatives, ``hit`` lines that must match, ``miss`` lines that must not.  The other arguments are
    keys of a rule.

    Raises `RuleError` when the rule is not valid or its proof fails; nothing is written then.

    >>> Path("mine.toml").unlink(missing_ok=True)
    >>> rules_new("mine.toml", "mine/sun", pattern=["Sun"], hit=["Sun today: 9 h"], miss=["Sun is hot"])
    Traceback (most recent call last):
    ...
    cleaner.rulebook.model.RuleError: mine.toml: rule 'mine/sun', key 'pattern': miss 'Sun is hot' matches, and must not
    """
    from cleaner.rulebook.edit import add_rule

    fields: dict[str, Any] = {
        "id": id,
        "description": description or f"A line that matches “{'” or “'.join(pattern)}”.",
        "kind": kind,
        "credit": credit,
        "match": match,
        "pattern": list(pattern),
        "scope": scope,
        "max_words": max_words,
        "confidence": confidence,
        "action": action,
        "languages": list(languages),
        "sites": list(sites),
        "hit": list(hit),
        "miss": list(miss),
    }
    chosen = {key: value for key, value in fields.items() if value not in (None, [])}
    return add_rule(Path(pack), chosen, list(languages))


def rules_measure(labelled: Sequence[Name], packs: Sequence[Name] = (), *, write: bool = False) -> Measured:
    """How precise each rule is on labelled texts: JSONL, ``.gz`` and ``.zst`` too, one text a line.

    A text is an object with ``id``, ``site``, ``lang`` and ``lines``, each of these an object with ``text`` and
    ``label``: article, cruft or neutral.  Figures are counts of distinct lines and of words, shares from 0 to 1 with
    Wilson's interval at 95 %.  Rules that only flag are measured as if they removed, and have no part in the figures
    of all together.  With ``write`` the figures become ``evidence`` of the rules of ``packs``, or of the shipped packs
    without any.

    Raises `LabelError`, naming file and line, and `RuleError`.

    >>> text = '{"id": "a", "site": "a.example", "lang": "en", "lines": [{"text": "Leave a review", "label": "cruft"}]}'
    >>> _ = Path("labelled.jsonl").write_text(text)
    >>> [(one.rule, one.right, one.wrong) for one in rules_measure(["labelled.jsonl"]).figures if one.right]
    [('en/leave-a-review', 1, 0)]
    """
    from cleaner.audit.measure import measure, read_labelled
    from cleaner.rulebook.edit import write_evidence
    from cleaner.rulebook.load import compose, lay

    loaded = _packs(packs)
    laid = lay(loaded)
    flagged = [id for id, rule in laid.rules.items() if rule.action == "flag" and id not in laid.disabled]
    records = (record for path in labelled for record in read_labelled(Path(path)))
    result = measure(compose(loaded), records, compose(loaded, extend_select=flagged) if flagged else None)
    if write:
        own = {str(Path(pack)) for pack in packs}
        evidence = {one.rule: one.as_dict() for one in result.figures if one.precision is not None}
        chosen = [Path(pack.file) for pack in loaded if not own or pack.file in own]
        result.written = sum(write_evidence(path, evidence) for path in chosen)
    return result


def rules_schema() -> dict[str, Any]:
    """The format of packs as JSON Schema, for editors that complete and check TOML.

    >>> rules_schema()["properties"]["schema"]
    {'const': 1}
    """
    from cleaner.rulebook.schema import json_schema

    return json_schema()


def rules_apply_verdicts(
    verdicts: Name | Verdicts, pack: Name = PROJECT, *, packs: Sequence[Name] = (), write: bool = False
) -> Change:
    """Turn verdicts of `review` into rules: exceptions, misses and evidence of ``pack``, which is begun if it is new.

    ``packs`` are other packs that are read behind the shipped ones.  The result tells the change as a ``diff``, what
    cannot be said in the pack (``left_out``), and proofs that the change would break (``failures``); with ``write`` the
    pack is written, unless there are such.

    Raises `RuleError`, and `ViewError` where the verdicts cannot be read, proofs fail, or the pack cannot be written.

    >>> _ = Path("verdicts.jsonl").write_text("")
    >>> rules_apply_verdicts("verdicts.jsonl").diff
    ''
    """
    from cleaner.audit.apply import apply_verdicts, write_change
    from cleaner.audit.verdicts import Verdicts

    given = verdicts if isinstance(verdicts, Verdicts) else read_verdicts(verdicts)
    path = Path(pack)
    named = [*packs] if not path.exists() or path in map(Path, packs) else [*packs, pack]
    change = apply_verdicts(given.last.values(), _packs(named), path, case_runner)
    if write and change.diff:
        write_change(change)
    return change


def case_runner(below: Sequence[Pack]) -> CaseRunner:
    """Runs cases of packs with the rules of some packs."""
    from cleaner.document import Document
    from cleaner.filters.by_rules import rules_chain
    from cleaner.rulebook.load import compose

    chain = rules_chain(compose(below))

    def run(case: Case, language: str) -> str:
        return chain.clean(Document.from_text(case.text, language=language, site=case.site)).text

    return run


def _packs(extra: Sequence[Name]) -> tuple[Pack, ...]:
    from cleaner.rulebook.load import load_packs

    return load_packs(tuple(os.fspath(pack) for pack in extra))
