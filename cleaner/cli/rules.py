"""Commands on rules: list, show, test, apply-verdicts, lint, fmt, new, measure, schema."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.common import EXIT_FOUND, Fault, faults, project_packs
from cleaner.rulebook.model import KINDS, PROJECT

if TYPE_CHECKING:
    from cleaner.rulebook.load import Laid
    from cleaner.rulebook.model import Pack, Rule

FORMAT = click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)


def packs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--rules``, as `run` has it."""
    return click.option(
        "--rules",
        "extra",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        metavar="PACK",
        help="Another rule pack, read after the shipped ones and cleaner.toml. Can be repeated.",
    )(command)


def _load(extra: tuple[str, ...]) -> tuple[Pack, ...]:
    from cleaner.rulebook.load import load_packs

    return load_packs(project_packs(extra))


def _own(extra: tuple[str, ...]) -> set[str] | None:
    """The files of the packs that are not shipped; None when there are none."""
    return {str(Path(pack)) for pack in project_packs(extra)} or None


@click.group()
def rules() -> None:
    """Look at rules, prove them, write them, measure them.

    \b
    Example:
      cleaner rules list --language en
      cleaner rules test --rules mine.toml
    """


@rules.command("list", short_help="List the rules of all packs.")
@packs_option
@click.option("--language", help="Only rules that hold for this language (ISO 639-1).")
@click.option("--site", help="Only rules that hold on this site, those for all sites among them.")
@click.option("--kind", type=click.Choice(KINDS), help="Only rules of this kind.")
@FORMAT
def list_command(extra: tuple[str, ...], language: str | None, site: str | None, kind: str | None, form: str) -> None:
    """List the rules of all packs, in the order in which they are read, as the packs behind them leave them.

    \b
    Example:
      cleaner rules list --language de --kind credit
      cleaner rules list --site elm.example --rules elm.example.toml
    """
    with faults():
        from cleaner.rulebook.load import choose, lay

        laid = lay(_load(extra))
        if language is not None and not re.fullmatch("[a-z]{2,3}", language):
            raise Fault(f"--language: {language!r} is no code of a language (ISO 639-1), such as en")
        chosen = choose(laid, language=language, site=site, kind=kind)
    if form == "json":
        click.echo(json.dumps([_as_data(rule) for rule in chosen], ensure_ascii=False, indent=1))
        return
    for rule in chosen:
        flag = {"flag": "  (flags only)", "cue": "  (cue)"}.get(rule.action, "")
        off = "  (off)" if rule.id in laid.disabled else ""
        click.echo(f"{rule.id:28} {rule.kind:10} {rule.scope:13} {rule.confidence:.2f}  {rule.description}{flag}{off}")
    click.echo(f"{len(chosen)} rules", err=True)


def _as_data(rule: Rule) -> dict[str, object]:
    from dataclasses import asdict

    return {key: value for key, value in asdict(rule).items() if key != "line"} | {"line": rule.line}


@rules.command("show", short_help="Show a rule: what it matches, proof, figures.")
@click.argument("id")
@packs_option
@FORMAT
def show_command(id: str, extra: tuple[str, ...], form: str) -> None:
    """Show the rule ID (or an old id that it replaces): what it matches, its proof, its measured figures.

    The values are those that hold when all packs are read. Below stand the changes that packs make to the rule.

    \b
    Example:
      cleaner rules show en/also-read
    """
    with faults():
        from cleaner.rulebook.load import lay, resolve

        packs = _load(extra)
        laid = lay(packs)
        found = [laid.rules[one] for one in sorted(resolve(id, laid.names, "rules", ""))]
    if form == "json":
        click.echo(json.dumps([_as_data(rule) | _changes(rule, laid) for rule in found], ensure_ascii=False, indent=1))
        return
    written = {rule.id: rule for pack in packs for rule in pack.rules}
    for rule in found:
        click.secho(f"{rule.id}  ({rule.file}:{rule.line})", bold=True)
        for line in (*_described(rule), *_changed(written[rule.id], laid)):
            click.echo(f"  {line}")


def _described(rule: Rule) -> Iterator[str]:
    from cleaner.rulebook.match import expression

    yield rule.description
    yield f"kind {rule.kind}, scope {rule.scope}, confidence {rule.confidence}, action {rule.action}"
    belts = {
        "line": ("max_words",),
        "block": ("min_lines", "max_lines", "max_words"),
        "heading-block": ("until", "max_lines", "max_words"),
        "tail": ("max_lines", "max_words"),
    }.get(rule.scope, ())
    if belts:
        yield ", ".join(f"{key} {_plain(getattr(rule, key))}" for key in belts)
    yield f"languages {', '.join(rule.languages)}" + (f", sites {', '.join(rule.sites)}" if rule.sites else "")
    for pattern in rule.patterns:
        yield f"pattern  {expression(rule, pattern)}"
    for name, texts in (("hit", rule.hit), ("miss", rule.miss), ("gap", rule.gap)):
        for text in texts:
            yield f"{name:8} {text}"
    for key, value in rule.evidence.items():
        yield f"measured {key} = {value}"


def _changed(rule: Rule, laid: Laid) -> Iterator[str]:
    """What packs change of a rule, as it is written in its own pack."""
    values: dict[str, object] = {}
    for override in laid.overrides.get(rule.id, ()):
        for key, value in override.fields.items():
            old = values.get(key, getattr(rule, key))
            yield f"{override.file}:{override.line} sets {key} {_plain(value)} (was {_plain(old)}): {override.reason}"
            values[key] = value
    for exemption in laid.exemptions.get(rule.id, ()):
        for text in exemption.text:
            where = f" on {', '.join(exemption.sites)}" if exemption.sites else ""
            yield f"{exemption.file}:{exemption.line} leaves alone “{text}”{where}: {exemption.reason}"
    for pack in laid.disabled.get(rule.id, ()):
        yield f"{pack.file} switches it off"


def _plain(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _changes(rule: Rule, laid: Laid) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "overrides": [asdict(one) for one in laid.overrides.get(rule.id, ())],
        "exceptions": [asdict(one) for one in laid.exemptions.get(rule.id, ())],
        "disabled": [pack.file for pack in laid.disabled.get(rule.id, ())],
    }


@rules.command("test", short_help="Run the proofs of all packs.")
@packs_option
@click.option("--own", is_flag=True, help="Only the packs of --rules and cleaner.toml: quick.")
@FORMAT
def test_command(extra: tuple[str, ...], own: bool, form: str) -> None:
    """Run all hits, misses, gaps, exceptions and cases of all packs.

    The packs of each layer are proved with the packs up to that layer: your own pack breaks no proof of a shipped one.

    \b
    Exit codes: 0 all pass; 1 some fail; 2 a pack cannot be read.

    \b
    Example:
      cleaner rules test --rules mine.toml
      cleaner rules test --rules mine.toml --own
    """
    with faults():
        from cleaner.commands import rules_test

        if own and not project_packs(extra):
            raise Fault("--own: there is no pack of your own; name one with --rules PACK")
        packs = [pack for pack in _load(extra) if not own or pack.file in (_own(extra) or ())]
        failures = rules_test(project_packs(extra), shipped=not own)
    count = sum(len(rule.hit) + len(rule.miss) + len(rule.gap) for pack in packs for rule in pack.rules)
    count += sum(len(pack.cases) + len(pack.exemptions) for pack in packs)
    if form == "json":
        plain = [{"rule": one.rule, "proof": one.proof, "text": one.text, "problem": one.problem} for one in failures]
        click.echo(json.dumps({"proofs": count, "failures": plain}, ensure_ascii=False, indent=1))
    else:
        for failure in failures:
            click.echo(f"{failure.rule}\n  {failure.proof}: {failure.text}\n  {failure.problem}")
    rules_count = sum(len(pack.rules) for pack in packs)
    click.echo(f"{rules_count} rules, {count} proofs, {len(failures)} failed", err=True)
    if failures:
        sys.exit(EXIT_FOUND)


@rules.command("apply-verdicts", short_help="Turn verdicts of the review into rules.")
@click.argument("verdicts", type=click.Path(exists=True, dir_okay=False), metavar="VERDICTS")
@packs_option
@click.option(
    "--pack",
    type=click.Path(dir_okay=False),
    default=PROJECT,
    show_default=True,
    help="Pack to change; it is begun if it is not there.",
)
@click.option("--write", is_flag=True, help="Write the pack; without it the change is only shown.")
@FORMAT
def apply_verdicts_command(verdicts: str, extra: tuple[str, ...], pack: str, write: bool, form: str) -> None:
    """Turn VERDICTS of `cleaner review` into rules: prints the change of a pack as a diff, and writes it with --write.

    Each removal judged wrong becomes an exception with its reason, for the sites where the text stood, or a miss of a
    rule of the pack that does not match it any more. Verdicts on rules of the pack become their evidence. The pack and
    those read after it are tested with the change; if a test fails, nothing is written. A verdict that was applied is
    not applied again.

    \b
    Exit codes: 0; 1 some verdicts cannot be said in the pack; 2 the change breaks a test, or a file cannot be read.

    \b
    Example:
      cleaner rules apply-verdicts out/verdicts.jsonl
      cleaner rules apply-verdicts out/verdicts.jsonl --write
    """
    with faults():
        from cleaner.audit.apply import write_change
        from cleaner.audit.explain import plain_json, printable
        from cleaner.commands import rules_apply_verdicts

        change = rules_apply_verdicts(verdicts, pack, packs=project_packs(extra))
        if form == "json":
            counts = {name: getattr(change, name) for name in ("exceptions", "misses", "evidence", "known", "left_out")}
            failures = [str(failure) for failure in change.failures]
            click.echo(plain_json({**counts, "failures": failures, "diff": change.diff}))
        else:
            click.echo("\n".join(map(printable, change.diff.split("\n"))), nl=False)
        for problem in change.left_out:
            click.secho(f"left out: {printable(problem)}", err=True, fg="yellow")
        for failure in change.failures:
            click.secho(printable(str(failure)), err=True, fg="red")
        said = f"{change.exceptions} exceptions, {change.misses} misses, evidence of {change.evidence} rules"
        if change.failures:
            raise Fault(f"the change breaks {len(change.failures)} tests: nothing is written")
        if write and change.diff:
            write_change(change)
            click.echo(f"{said} written to {pack}", err=True)
        elif change.diff:
            click.echo(f"{said}: write them with --write", err=True)
        else:
            click.echo("nothing to change", err=True)
    if change.left_out:
        sys.exit(EXIT_FOUND)


@rules.command("lint", short_help="Find faults of packs.")
@packs_option
@click.option("--ignore", multiple=True, metavar="CODE", help="Leave out findings of this code. Can be repeated.")
@FORMAT
def lint_command(extra: tuple[str, ...], ignore: tuple[str, ...], form: str) -> None:
    """Find dead rules, overlaps, patterns that could be phrases, thin proofs, missing evidence, unsorted ids.

    With --rules, or where there is a cleaner.toml, findings on these packs alone are shown, otherwise those on the
    shipped packs. Either way a pack is compared with all packs before it.

    \b
    Exit codes: 0 nothing found; 1 something; 2 a pack cannot be read.

    \b
    Example:
      cleaner rules lint --ignore no-evidence
    """
    with faults():
        from dataclasses import asdict

        from cleaner.commands import rules_lint
        from cleaner.rulebook.lint import CODES

        for code in ignore:
            if code not in CODES:
                raise Fault(f"--ignore: no code {code!r}; codes are {', '.join(CODES)}")
        found = [advice for advice in rules_lint(project_packs(extra)) if advice.code not in ignore]
    if form == "json":
        click.echo(json.dumps([asdict(advice) for advice in found], ensure_ascii=False, indent=1))
    else:
        for advice in found:
            click.echo(str(advice))
    click.echo(f"{len(found)} findings", err=True)
    if found:
        sys.exit(EXIT_FOUND)


@rules.command("fmt", short_help="Bring packs into canonical form.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False), metavar="PACK…")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a pack would change.")
@FORMAT
def fmt_command(files: tuple[str, ...], check: bool, form: str) -> None:
    """Bring packs into canonical form: rules by id, keys in one order. Comments stay.

    \b
    Example:
      cleaner rules fmt mine.toml
    """
    with faults():
        from cleaner.commands import rules_fmt

        changed = [file for file in files if rules_fmt(file, check=check)]
    if form == "json":
        click.echo(json.dumps({"changed": changed}))
    else:
        for file in changed:
            click.echo(f"{'would change' if check else 'changed'} {file}")
    if check and changed:
        sys.exit(EXIT_FOUND)


@rules.command("new", short_help="Write a rule with its proof into a pack.")
@click.argument("id")
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False), metavar="PACK", help="Pack to add it to.")
@click.option("--pattern", "patterns", multiple=True, required=True, help="What the rule matches. Can be repeated.")
@click.option("--hit", multiple=True, required=True, help="A line that must match. Can be repeated.")
@click.option("--miss", multiple=True, required=True, help="A line that must not. Can be repeated.")
@click.option("--description", default="", help="A sentence for people who read why a line went.")
@click.option("--kind", default="promo", show_default=True)
@click.option("--credit", help="For kind credit: photo, source, author or agency.")
@click.option("--match", default="prefix", show_default=True, help="exact, prefix, phrase or regex.")
@click.option("--scope", default="line", show_default=True, help="span, line, block, heading-block or tail.")
@click.option("--max-words", type=int, help="Longer lines are left alone.  [default: 40]")
@click.option(
    "--language", "languages", multiple=True, default=("*",), help="ISO 639-1; can be repeated.  [default: all]"
)
@click.option("--site", "sites", multiple=True, help="Domain that the rule is for; can be repeated.  [default: all]")
@click.option("--confidence", type=float, default=0.9, show_default=True)
@click.option(
    "--action",
    help="remove; flag: the rule is off until it is selected; cue: it tells the scored model.  [default: remove]",
)
@FORMAT
def new_command(id: str, out: str, form: str, **fields: Any) -> None:
    """Write a rule with its proof into a pack; nothing is written unless the proof holds.

    \b
    Example:
      cleaner rules new my/also-in-elm -o mine.toml --pattern "Also in Elm:" \\
        --hit "Also in Elm: ferry gets a second boat" --miss "He also lives in Elm: a town of towers"
    """
    with faults():
        from cleaner.commands import rules_new

        written = rules_new(out, id, pattern=fields.pop("patterns"), **fields)
    if form == "json":
        click.echo(json.dumps({"file": out, "rule": written}, ensure_ascii=False))
    else:
        click.echo(written)
        click.echo(f"added to {out}; use it with: cleaner run … --rules {out}", err=True)


@rules.command("measure", short_help="Measure every rule on labelled texts.")
@click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False), metavar="LABELLED…")
@packs_option
@click.option("--write", is_flag=True, help="Store the figures as evidence of each rule, see above.")
@FORMAT
def measure_command(labelled: tuple[str, ...], extra: tuple[str, ...], write: bool, form: str) -> None:
    """Measure every rule on LABELLED: JSONL of texts whose lines are labelled article, cruft or neutral.

    Prints, for each rule, the lines it matched, its precision with a Wilson interval at 95 %, its share of the
    recall, the words of story that it hit, sites and languages. A rule whose whole interval is under the
    confidence that it states is marked "!", one whose lower bound is under it "?".

    Rules that only flag are measured as if they removed, and marked "(flags only)"; they do not count in the figures
    of all rules together. Rules that a pack switches off are not measured.

    --write stores the figures in the packs of --rules and in cleaner.toml; without any, in the shipped packs.

    \b
    Example:
      cleaner rules measure labelled.jsonl.gz --rules mine.toml --write
    """
    with faults():
        from cleaner.commands import rules_measure

        result = rules_measure(labelled, project_packs(extra), write=write)
    figures = sorted(result.figures, key=lambda one: -one.cruft_words)
    if form == "json":
        together = {
            "documents": result.documents,
            "precision": round(result.precision, 4),
            "recall": round(result.recall, 4),
            "story_lost": round(result.lost, 6),
            "rules": [one.as_dict(result.cruft_words) for one in figures],
        }
        click.echo(json.dumps(together, ensure_ascii=False, indent=1))
    else:
        click.echo(
            "| rule | right | wrong | precision (95 %) | stated | share of recall | story words | sites | languages |"
        )
        click.echo("|---|---|---|---|---|---|---|---|---|")
        for one in figures:
            if one.precision is None:
                continue
            low, high = one.interval
            mark = (" (flags only)" if one.flagged else "") + (f" {one.mark}" if one.mark else "")
            click.echo(
                f"| {one.rule}{mark} | {one.right:,} | {one.wrong:,} | {one.precision:.3f} ({low:.2f} to {high:.2f}) "
                f"| {one.stated:.2f} | {one.cruft_words / max(1, result.cruft_words):.2%} | {one.story_words:,} "
                f"| {len(one.sites)} | {' '.join(sorted(one.languages))} |"
            )
        silent = sum(one.precision is None for one in figures)
        click.echo(
            f"\n{result.documents:,} texts, {len(figures)} rules ({silent} matched no scored line): precision "
            f"{result.precision:.3f}, recall {result.recall:.3f}, story lost {result.lost:.3%} (by words)"
        )
        click.echo("\n| language | precision | recall | story lost |\n|---|---|---|---|")
        for language, (cruft, story, right, wrong) in result.groups.items():
            precision = f"{right / (right + wrong):.3f}" if right + wrong else "–"
            click.echo(f"| {language} | {precision} | {right / max(1, cruft):.3f} | {wrong / max(1, story):.3%} |")
    if write:
        click.echo(f"figures written for {result.written} rules", err=True)


@rules.command("schema", short_help="Print the pack format as JSON Schema.")
@click.option("--format", "form", type=click.Choice(("json",)), default="json", show_default=True)
def schema_command(form: str) -> None:
    """Print the pack format as JSON Schema, for editors that complete and check TOML.

    \b
    Example:
      cleaner rules schema > cleaner-rules.schema.json
    """
    from cleaner.commands import rules_schema

    click.echo(json.dumps(rules_schema(), indent=1))
