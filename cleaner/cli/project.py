"""Commands on a project and its runs: init, config show, completion, card."""

from __future__ import annotations

import json

import click

from cleaner.cli.common import faults


@click.command("init", short_help="Begin a project: write a cleaner.toml.")
@click.argument("folder", default=".", type=click.Path(file_okay=False), metavar="[DIR]")
def init_command(folder: str) -> None:
    """Write a cleaner.toml with every setting explained and a first rule of your own, with its proof.

    A cleaner.toml that is there already is never overwritten.

    \b
    Example:
      cleaner init
    """
    with faults():
        from cleaner.project import init

        path = init(folder)
    click.echo(
        f"{path} written; see what holds with: cleaner config show, prove the rule with: cleaner rules test", err=True
    )


@click.group()
def config() -> None:
    """Look at the settings that commands use in this folder.

    \b
    Example:
      cleaner config show
    """


@config.command("show")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def show_command(form: str) -> None:
    """Show each setting, its value, and where that comes from.

    The last one wins: default, [settings] of cleaner.toml in the working directory, environment variable
    (CLEANER_ and the name in capitals; lists and pairs separated by commas). Options of a command win over all.

    \b
    Example:
      CLEANER_PRESET=careful cleaner config show
    """
    with faults():
        from cleaner.config import effective

        found = effective()
    plain = found.settings.as_dict()
    if form == "json":
        data = {name: {"value": value, "from": found.origins[name]} for name, value in plain.items()}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    width = max(map(len, plain))
    for name, value in plain.items():
        shown = json.dumps(value, ensure_ascii=False)
        line = f"{name:{width}}  {shown:24}  {found.origins[name]}"
        click.echo(click.style(line, bold=found.origins[name] != "default"))


@click.command("completion", short_help="Print what makes a shell complete commands.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion_command(shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and their values.

    \b
    Example:
      cleaner completion bash >> ~/.bashrc
      cleaner completion zsh >> ~/.zshrc
      cleaner completion fish > ~/.config/fish/completions/cleaner.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    command = click.get_current_context().find_root().command
    complete = kind(command, {}, "cleaner", "_CLEANER_COMPLETE")
    click.echo(complete.source_template % complete.source_vars())


@click.command("card", short_help="Write a dataset card for a run.")
@click.argument("run", type=click.Path(exists=True, file_okay=False), metavar="RUN")
@click.option("-o", "--out", type=click.Path(dir_okay=False), metavar="FILE", help="[default: RUN/README.md]")
@click.option("--name", help="Name of the corpus.  [default: the name of RUN]")
@click.option(
    "--license", "licence", help="Licence of the corpus, as the Hugging Face Hub calls it, such as cc-by-4.0."
)
@click.option("--overwrite", is_flag=True, help="Replace the file.")
def card_command(run: str, out: str | None, name: str | None, licence: str | None, overwrite: bool) -> None:
    """Write a dataset card for RUN: how the corpus was made, what was removed and by what, how to load it.

    The card has the form that the Hugging Face Hub reads: with it, the folder can be published as it is.

    \b
    Example:
      cleaner card out --name "Elm news" --license cc-by-4.0
    """
    with faults():
        from cleaner.audit.card import card

        path = card(run, out, name=name, licence=licence, overwrite=overwrite)
    click.echo(f"{path} written", err=True)
