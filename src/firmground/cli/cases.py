"""`cases`: what a release is measured with."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark, say, table
from firmground.errors import Refused

group = typer.Typer(
    help="Golden cases: what is asked, what must be said, what must never be.", no_args_is_help=True, rich_markup_mode=None
)


@group.command("list")
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only draft, active or retired ones.")] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """The cases in `golden/`, in the order of their files."""
    from firmground.app.evaluating.cases import listed

    del debug
    with opened(directory) as app:
        found = listed(app, actor(app, None), kind=kind, status=status)
    if as_json:
        print_json([{**each.case.model_dump(mode="json"), "place": str(each.place)} for each in found])
        return
    rows = [(each.case.id, each.case.kind, each.case.expect.behaviour, each.case.status, each.case.question) for each in found]
    table(("case", "kind", "expects", "status", "question"), rows)


@group.command()
def check(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What is wrong with the cases, against the documents as they are indexed now. Exit code 4 where something must be mended."""
    from firmground.app.evaluating.cases import check as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None))
    active = [each.case for each in found.dataset.cases if each.case.status == "active"]
    if as_json:
        print_json(
            {
                "digest": found.dataset.digest,
                "active": len(active),
                "kinds": dict(Counter(case.kind for case in active)),
                "flaws": [flaw._asdict() for flaw in found.flaws],
                "needed": [each._asdict() for each in found.needed],
            }
        )
    else:
        for flaw in found.flaws:
            say(f"{flaw.severity:8}{' '.join(filter(None, (flaw.place, flaw.case)))}: {flaw.detail}: {flaw.remedy}")
        counted = ", ".join(f"{count} {kind}" for kind, count in Counter(case.kind for case in active).items())
        say(f"{len(active)} active cases ({counted or 'none'}), dataset {found.dataset.digest[:12]}")
        for each in found.needed:
            say(
                f"to show a rate below {each.threshold:.0%} it takes {each.at_least} independent cases without a failure, and about"
                f" {each.for_power} to succeed four times in five where the true rate is {each.threshold / 4:.2%}"
            )
    if found.broken:
        raise Refused("the cases cannot be relied on as they are", "mend the errors above")


@group.command()
def confirm(
    ids: Annotated[list[str], typer.Argument(metavar="CASE...", help="Cases that `check` names with changed sources.")],
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Say that you looked: these cases still hold though their sources changed."""
    from firmground.app.evaluating.case_sources import confirm as use

    del debug
    with opened(directory) as app:
        count = use(app, actor(app, None), ids)
    remark(f"{count} case{'' if count == 1 else 's'} confirmed")


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file of cases: .yaml (also of promptfoo), .csv or .jsonl.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file of that name in golden/.")] = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Put the cases of a file into `golden/`: all of them or, where one is wrong, none."""
    from firmground.app.evaluating.cases import take_in

    del debug
    with opened(directory) as app:
        count, target = take_in(app, actor(app, None), file, replace=replace)
    remark(f"{count} case{'' if count == 1 else 's'} in {target}; run `firmground cases check`")


@group.command()
def export(
    kind: Annotated[str, typer.Option("--format", help="yaml, csv, jsonl, or promptfoo: a configuration.")] = "yaml",
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """All cases as one file, to standard output."""
    from firmground.app.evaluating.cases import exported

    del debug
    with opened(directory) as app:
        text = exported(app, actor(app, None), kind)
    typer.echo(text, nl=False)
