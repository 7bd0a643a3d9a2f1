"""Commands that look at finished runs: diff, report, sample, precision, review."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleaner.cli.common import EXIT_FOUND, Fault, faults
from cleaner.interrupt import interrupted_with

if TYPE_CHECKING:
    from cleaner.audit.diff import Chosen, Comparison
    from cleaner.audit.precision import Judged, Precision
    from cleaner.audit.shown import Shown

RUN = click.Path(exists=True, file_okay=False)
FORMAT = click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
VERDICTS = click.option(
    "--verdicts", type=click.Path(dir_okay=False), metavar="FILE", help="Verdicts.  [default: RUN/verdicts.jsonl]"
)


@click.command("diff", short_help="Show what a run removed, or what changed between two.")
@click.argument("run", type=RUN, metavar="RUN")
@click.argument("after", type=RUN, required=False, metavar="[RUN_B]")
@click.option("--rule", help="Only removals by this rule: an id, filter/code, or a prefix such as en/.")
@click.option("--filter", "filter_name", help="Only removals by this filter.")
@click.option("--site", help="Only documents of this site.")
@click.option("--min-confidence", "least", type=float, default=0.0, help="Only removals at least so sure.")
@click.option("--max-confidence", "most", type=float, default=1.0, help="Only removals at most so sure.")
@click.option("--context", type=click.IntRange(0), default=3, show_default=True, help="Lines shown around a removal.")
@click.option("--width", type=int, default=100, show_default=True, help="Characters shown of a line.")
@click.option("--limit", type=click.IntRange(1), help="Documents shown at most.  [default: all]")
@click.option(
    "--examples",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Of two runs: shown of each rule and change.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something is shown: for CI.")
@FORMAT
def diff_command(
    run: str,
    after: str | None,
    rule: str | None,
    filter_name: str | None,
    site: str | None,
    least: float,
    most: float,
    context: int,
    width: int,
    limit: int | None,
    examples: int,
    exit_code: bool,
    form: str,
) -> None:
    """Show what RUN removed, document by document; of two runs over the same corpus, what changed from RUN to RUN_B.

    Of two runs: removals gained, lost and changed (another rule or confidence for the same text), by rule and by site,
    with examples. Nothing is printed where nothing changed. On a terminal the output goes through a pager.

    \b
    Exit codes: 0; with --exit-code 1 when something is shown; 2 no run.

    \b
    Example:
      cleaner diff out --filter layout --max-confidence 0.7
      cleaner diff before after --exit-code
    """
    with faults():
        from cleaner.audit.explain import plain_json
        from cleaner.commands import diff

        if after is None:
            documents = diff(run, rule=rule, filter=filter_name, site=site, min_confidence=least, max_confidence=most)
            from cleaner.audit.diff import Chosen

            chosen = Chosen(filter_name, rule, site, least, most)
            lines = _documents(documents, chosen, context, width, limit, form)
        else:
            if any(value is not None for value in (rule, filter_name, site, limit)) or (least, most) != (0.0, 1.0):
                raise Fault("--rule, --filter, --site, confidences and --limit are for one run, not for two")
            result = diff(run, after, examples=examples)
            if form == "json":
                lines = iter(() if result.nothing else (f"{plain_json(result.as_dict())}\n",))
            else:
                lines = (f"{line}\n" for line in _compared(result))
        first = next(lines, None)
        if first is not None:
            out = itertools.chain([first], lines)
            if sys.stdout.isatty():
                click.echo_via_pager(out)
            else:
                for line in out:
                    click.echo(line, nl=False)
    if first is None and after is None:
        click.echo(f"nothing that {run} removed is as asked for; what did: cleaner report {run}", err=True)
    if exit_code and first is not None:
        sys.exit(EXIT_FOUND)


def _documents(
    documents: Iterator[Shown], chosen: Chosen, context: int, width: int, limit: int | None, form: str
) -> Iterator[str]:
    from cleaner.audit.explain import as_data, plain_json, printable, render
    from cleaner.cli.documents import STYLES

    for one in itertools.islice(documents, limit):
        if form == "json":
            yield f"{plain_json(as_data(one))}\n"
            continue
        language = one.facts.get("language") or "language unknown"
        yield click.style(f"{printable(one.source)}  [{printable(language)}]\n", bold=True)
        for spans in render(one, width, context, chosen.takes):
            yield "".join(click.style(span.text, **STYLES[span.style]) for span in spans) + "\n"


def _compared(result: Comparison) -> Iterator[str]:
    from cleaner.audit.explain import printable

    if result.nothing:
        return
    yield f"{result.documents:,} documents cleaned by both runs: " + (
        ", ".join(f"{result.counts[change]:,} removals {change}" for change in CHANGES if result.counts[change])
        or "the same removals"
    )
    for count, said in (
        (result.only_before, "only in the first run"),
        (result.only_after, "only in the second run"),
        (result.rejected_before, "rejected by the first run, clean in the second"),
        (result.rejected_after, "clean in the first run, rejected by the second"),
        (result.other_source, "with another source text: not compared"),
    ):
        if count:
            yield f"{count:,} documents {said}"
    for title, table in (("rule", result.rules), ("site", result.sites)):
        if table:
            yield f"\n{title:40} {'gained':>8} {'lost':>8} {'changed':>8}"
            for name, counts in table.items():
                figures = " ".join(f"{counts[change]:8,}" for change in CHANGES)
                yield f"{printable(name)[:40]:40} {figures}"
    if result.examples:
        yield ""
    colours = {"gained": "red", "lost": "green", "changed": "yellow"}
    signs = {"gained": "-", "lost": "+", "changed": "~"}
    for one in result.examples:
        text = printable(" ".join((one["text"] if one["text"] is not None else "[text not kept]").split())[:120])
        yield click.style(f"{printable(one['source'])}:{one['line']}", bold=True) + f"  {one['change']}"
        yield click.style(f"  {signs[one['change']]} {text}", fg=colours[one["change"]])
        why = f"{printable(one['code'])} ({one['confidence']:.2f})"
        if one["change"] == "changed":
            why += f", was {printable(one['code_before'])} ({one['confidence_before']:.2f})"
        yield f"      {why}: {printable(one['reason'])}"


CHANGES = ("gained", "lost", "changed")


SAMPLE = click.option(
    "--sample",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The sample.  [default: RUN/sample.json, if there]",
)


@click.command("report", short_help="Write one page about a run, to look at.")
@click.argument("run", type=RUN, metavar="RUN")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), metavar="PAGE", help="The page.  [default: RUN/report.html]"
)
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the texts shown by chance.")
@VERDICTS
@SAMPLE
def report_command(run: str, out: str | None, seed: int, verdicts: str | None, sample: str | None) -> None:
    """Write one page about RUN: books, filters, rules, sites, documents, rejections, and a sample of what was removed.

    The page needs no network and no other file, and has at most 3 MB. It says how it sampled and how much it does not
    show; judged precision stands beside the stated confidence where there are verdicts.

    \b
    Example:
      cleaner report out -o report.html
    """
    with faults():
        from cleaner.commands import report

        written = report(run, out, verdicts=verdicts, sample=sample, seed=seed)
    click.echo(
        f"{written.path}: {written.size:,} bytes, {written.shown:,} of {written.texts:,} distinct removed texts shown",
        err=True,
    )


@click.command("sample", short_help="Draw removed texts by chance, for judging.")
@click.argument("run", type=RUN, metavar="RUN")
@click.option("--per-rule", type=click.IntRange(1), default=30, show_default=True, help="Distinct texts of each rule.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed draws the same sample.")
@click.option("-o", "--out", type=click.Path(dir_okay=False), metavar="FILE", help="[default: RUN/sample.json]")
@FORMAT
def sample_command(run: str, per_rule: int, seed: int, out: str | None, form: str) -> None:
    """Draw distinct removed texts of each rule by chance, for judging in `review`.

    `precision` then tells from the verdicts on them how precise the run is.

    \b
    Example:
      cleaner sample out --per-rule 30 --seed 7
      cleaner review out
    """
    with faults():
        from cleaner.audit.explain import plain_json
        from cleaner.commands import sample

        drawn = sample(run, out, per_rule=per_rule, seed=seed)
        from cleaner.audit.precision import NAME  # there once the extra is: the line above says so where it is not

        path = Path(out) if out else Path(run) / NAME
    if form == "json":
        click.echo(plain_json({"sample": str(path), "rules": len(drawn.strata), "texts": len(drawn.keys)}))
    else:
        click.echo(f"{len(drawn.keys):,} texts of {len(drawn.strata):,} rules: {path}")
        click.echo(f"judge them with: cleaner review {run}", err=True)


@click.command("precision", short_help="Tell how precise a run is, by its verdicts.")
@click.argument("run", type=RUN, metavar="RUN")
@VERDICTS
@SAMPLE
@click.option(
    "--fail-under", type=click.FloatRange(0, 1), metavar="SHARE", help="Exit with 1 when the run is less precise."
)
@FORMAT
def precision_command(run: str, verdicts: str | None, sample: str | None, fail_under: float | None, form: str) -> None:
    """Tell how precise RUN is by the verdicts on its sample: by filter, rule, site and language, and as a whole.

    Intervals are at 95 %: Wilson's for each group; for the run, strata (rules) weighed by their distinct texts.
    Verdicts outside the sample do not count: they were not chosen by chance. Without a sample all verdicts count,
    and the figures say so.

    \b
    Exit codes: 0; 1 the estimate is under --fail-under, or nothing was judged; 2 no run.

    \b
    Example:
      cleaner precision out --fail-under 0.98
    """
    with faults():
        from cleaner.audit.explain import plain_json
        from cleaner.commands import precision

        result = precision(run, verdicts=verdicts, sample=sample)
    if form == "json":
        click.echo(plain_json(result.as_dict()))
    else:
        for line in _precision(result):
            click.echo(line)
    if fail_under is not None:
        if result.estimate is None:
            click.secho("nothing was judged: draw a sample, and judge it in `cleaner review`", err=True, fg="red")
            sys.exit(EXIT_FOUND)
        if result.estimate.precision < fail_under:
            click.secho(f"{result.estimate.precision:.2%} is under {fail_under:.2%}", err=True, fg="red")
            sys.exit(EXIT_FOUND)


def _precision(result: Precision) -> Iterator[str]:
    from cleaner.audit.explain import printable

    for title, judged in result.groups.items():
        if judged:
            yield f"{title:32} {'right':>6} {'wrong':>6} {'unsure':>6}  precision (95 %)         stated"
            for one in judged:
                yield f"{printable(one.name)[:32]:32} {_row(one)}"
            yield ""
    drawn = f"a sample of {result.drawn:,} texts" if result.drawn else "texts that people chose (no sample was drawn)"
    if result.estimate is None:
        yield f"nothing judged of {drawn}"
    else:
        whole = result.estimate
        yield (
            f"the run: {whole.precision:.2%} ({whole.low:.2%} to {whole.high:.2%}), by {drawn}; the judged rules stand "
            f"for {whole.covered:.1%} of its distinct texts"
        )
    if result.outside:
        yield f"{result.outside:,} verdicts on other texts do not count"


def _row(one: Judged) -> str:
    low, high = one.interval
    share = "      –                 " if one.precision is None else f"{one.precision:7.1%} ({low:.1%} to {high:.1%})"
    stated = "" if one.stated is None else f"{one.stated:.2f}"
    return f"{one.right:6,} {one.wrong:6,} {one.unsure:6,}  {share:24} {stated}"


@click.command("review", short_help="Judge what a run removed, in the browser.")
@click.argument("run", type=RUN, metavar="RUN")
@VERDICTS
@SAMPLE
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on.  [default: a free one]")
@click.option("--open", "browse", is_flag=True, help="Open the link in the browser.")
def review_command(run: str, verdicts: str | None, sample: str | None, port: int, browse: bool) -> None:
    """Look at what RUN removed and judge it, in the browser: a local web application.

    Prints a link and serves it on the loopback interface until Ctrl-C; the link holds a token, without which nothing is
    answered. Texts can be filtered by rule, filter, site, language, confidence and verdict, and searched; the filters
    stand in the address. Verdicts are saved at once; they are about a rule and a text, and hold in later runs.

    \b
    Example:
      cleaner review out
      cleaner rules apply-verdicts out/verdicts.jsonl
    """
    with faults():
        from cleaner.audit.verdicts import NAME
        from cleaner.commands import review

        def ready(link: str) -> None:
            click.echo(link)
            sys.stdout.flush()
            click.echo(f"verdicts go to {verdicts or Path(run) / NAME}; end with Ctrl-C", err=True)
            if browse:
                click.launch(link)

        click.echo(f"reading {run} …", err=True)
        with interrupted_with(None):  # the server ends by itself
            review(run, verdicts=verdicts, sample=sample, port=port, ready=ready)
