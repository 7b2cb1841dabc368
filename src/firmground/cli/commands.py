"""Every command by name. The groups live in their own modules."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from functools import partial
from typing import Annotated, Any

import typer
from typer.main import get_command_from_info, get_command_name, get_group

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


class _WhenAsked(Mapping[str, Any]):
    """What stands under each name, made when it is first asked for."""

    def __init__(self, making: Mapping[str, Callable[[], Any]]) -> None:
        self._making = making
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._making[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._making)

    def __len__(self) -> int:
        return len(self._making)


def _group(app: typer.Typer) -> Any:
    """As typer makes it, but for its commands: a run needs one of a hundred, and all take as long as everything else in `--help`."""
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = [], []
    group: Any = get_group(alone)
    make = partial(get_command_from_info, pretty_exceptions_short=False, rich_markup_mode=None)
    group.commands = _WhenAsked(
        {
            each.name or get_command_name(each.callback.__name__): partial(make, each)
            for each in app.registered_commands
            if each.callback
        }
        | {each.name: partial(_group, each.typer_instance) for each in app.registered_groups if each.name and each.typer_instance}
    )
    return group


commands = _group(_app)
