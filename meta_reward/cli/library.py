"""`meta-reward library`: entries of a library as files, to be read and shared by hand, and what a run did with them."""

from pathlib import Path

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import find_run, run_here

_PATH = click.Path(path_type=Path)


@click.group("library")
def command() -> None:
    """Unpack, pack and look at libraries: harnesses whose rubrics and tools are entries.

    \b
    meta-reward library unpack night-1 my-library
    meta-reward library pack my-library --out harness.py
    meta-reward library stats night-1

    A search with --proposer library:MODEL makes one.
    """


@command.command("unpack")
@click.argument("source", metavar="RUN|HARNESS")
@click.argument("folder", type=_PATH)
@click.option("--candidate", metavar="ID", help="A candidate of the run. Default: its chosen harness.")
def unpack(source: str, folder: Path, candidate: str | None) -> None:
    """Write the entries of a run's harness, or of a harness file, as skills/NAME/SKILL.md and tools/NAME/SKILL.md.

    \b
    meta-reward library unpack night-1 my-library
    meta-reward library unpack night-1 my-library --candidate c0014
    meta-reward library unpack seed_harnesses/library/policy_check.py my-library
    """
    from meta_reward import files
    from meta_reward.errors import UsageError
    from meta_reward.propose.library import folder as folders
    from meta_reward.propose.library.entries import BadEntry
    from meta_reward.propose.library.source import parse_library

    path = Path(source) if Path(source).is_file() else _harness_of(source, candidate)
    try:
        library = parse_library(files.read_text(path))
    except BadEntry as error:
        chosen = candidate is None and path != Path(source)
        hint = f"name a candidate that is one with --candidate; see `library stats {source}`" if chosen else ""
        raise UsageError(f"{path}: {error}", hint=hint) from None
    folders.unpack(library, folder)
    click.echo(f"{folder}: {len(library.of('skill'))} skills, {len(library.of('tool'))} tools")


def _harness_of(run: str, candidate: str | None) -> Path:
    """The harness of a run, by default the chosen one."""
    from meta_reward.run.layout import HistoryLayout, Layout
    from meta_reward.run.lookup import find_candidate

    layout = Layout(find_run(run))
    if candidate is None:
        return layout.best
    return layout.candidate(find_candidate(HistoryLayout(layout.history), candidate).folder) / "harness.py"


@command.command("pack")
@click.argument("folder", type=_PATH)
@click.option("--out", type=_PATH, help="Write to this file. Default: standard output.")
def pack(folder: Path, out: Path | None) -> None:
    """Check the entries in a folder, and write them as one harness.

    \b
    meta-reward library pack my-library --out harness.py
    """
    from meta_reward import files
    from meta_reward.errors import UsageError
    from meta_reward.propose.library.entries import BadEntry
    from meta_reward.propose.library.folder import load_library
    from meta_reward.propose.library.source import render_library

    library = load_library(folder)
    try:
        source = render_library(library)
    except BadEntry as error:
        raise UsageError(f"{folder}: {error}") from None
    if out is None:
        click.echo(source, nl=False)
    else:
        files.write_bytes(out, source.encode())
        click.echo(f"{out}: {len(library.entries)} entries, {len(source.encode()) / 1024:.1f} KB")


@command.command("stats")
@click.argument("run", required=False)
@json_option
def stats(run: str | None, as_json: bool) -> None:
    """How often each entry was chosen, what it gained, and which edits were kept, by phase; on the search split only.

    \b
    meta-reward library stats night-1
    """
    from meta_reward.propose.library.stats import library_stats
    from meta_reward.report.library import render_library_stats
    from meta_reward.run.layout import Layout

    found = library_stats(Layout(run_here(run)))
    if as_json:
        print_json(found)
    else:
        click.echo(render_library_stats(found))
