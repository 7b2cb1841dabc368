"""Every command by name. The groups live in their own modules."""

from typing import Annotated

import typer
from typer.main import get_command

from firmground.cli import (
    answers,
    ask,
    audit,
    backup,
    brief,
    budgets,
    cases,
    diagnose,
    documents,
    evaluate,
    export,
    keys,
    ledger,
    live,
    notifications,
    people,
    permissions,
    personal,
    pins,
    release,
    review,
    review_insight,
    review_preview,
    standards,
    sync,
    workspace,
)

_CONTEXT = {"help_option_names": ["-h", "--help"]}

_app = typer.Typer(
    name="firmground",
    help="Answers from your documents, with citations, and proof that they hold before they go live.",
    context_settings=_CONTEXT,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"firmground {version('firmground')}")
        raise typer.Exit


@_app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)] = False,
) -> None:
    del version


for command in (
    workspace.init,
    workspace.demo,
    sync.sync,
    sync.status,
    ask.ask,
    ask.search,
    permissions.can,
    evaluate.evaluate,
    audit.audit,
    diagnose.diagnose,
    standards.standards,
    export.export,
    workspace.serve,
    workspace.mcp,
    workspace.doctor,
    backup.backup,
    backup.restore,
    personal.retention,
):
    _app.command(context_settings=_CONTEXT)(command)
_app.add_typer(answers.group, name="answers")
_app.add_typer(brief.group, name="brief")
_app.add_typer(cases.group, name="cases")
_app.add_typer(documents.group, name="documents")
for command in (live.promote, live.rollback, live.approve, live.history):
    release.group.command()(command)
_app.add_typer(audit.group, name="policy")
_app.add_typer(release.group, name="release")
review.group.command()(review_preview.preview)
review.group.command()(review_insight.insight)
_app.add_typer(review.group, name="review")
_app.add_typer(pins.group, name="pin")
_app.add_typer(people.persons, name="person")
_app.add_typer(people.groups, name="group")
_app.add_typer(keys.group, name="key")
_app.add_typer(budgets.group, name="budget")
_app.add_typer(ledger.group, name="ledger")
_app.add_typer(notifications.group, name="notifications")

commands = get_command(_app)
