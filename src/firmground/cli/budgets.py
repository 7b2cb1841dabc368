"""`budget`: what may be used, and what was."""

from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark, say, table

if TYPE_CHECKING:
    from firmground.app.spending.budgets import Spending
    from firmground.usage import Limits

group = typer.Typer(help="Limits and budgets.", no_args_is_help=True, rich_markup_mode=None)

_TOLD_LEAST = 0.000001

_Whole = Annotated[int | None, typer.Option(min=0, help="0: no limit.")]
_Dollars = Annotated[float | None, typer.Option(min=0, help="0: no limit.")]


@group.command("list")
def list_budgets(
    period: Annotated[str, typer.Option("--period", help="A day, month or year, such as 2026-11; this month when absent.")] = "",
    by: Annotated[str, typer.Option("--by", help="person, key, release, model, day or via.")] = "person",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Rows at most.")] = 100,
    after: Annotated[str, typer.Option("--after", help="Only rows behind this name.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Who or what used how much, the limits that were set, and what the workspace used."""
    from firmground.app.spending import budgets as use

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        rows = use.spending(app, who, period=period, by=by, after=after, limit=limit)
        limits = use.all_limits(app, who, limit=1000)
        workspace = use.spent(app, who, kind="workspace")
        alerts = use.alerts(app, who)
    if as_json:
        print_json(
            {
                "rows": [row.model_dump(mode="json") for row in rows],
                "limits": [{"kind": pool.kind, "name": pool.name, "limits": _told(of)} for pool, of in limits.items()],
                "workspace": workspace.model_dump(mode="json"),
                "alerts": [alert.model_dump(mode="json") for alert in alerts],
            }
        )
        return
    told = [(row.name or "(nobody's)", row.taken) for row in rows]
    table((by, "answers", "tokens", "USD"), [(name, taken.answers, taken.tokens, _number(taken.usd)) for name, taken in told])
    if any(taken.unpriced for _, taken in told):
        remark("some models have no known price: what they cost is not in these sums, nor counted by budgets of USD")
    for pool, of in limits.items():
        say(f"{pool.kind} {pool.name}".strip() + f": {_line(of)}")
    _shares(workspace)


@group.command("show")
def show_budget(
    person: Annotated[str, typer.Argument(help="Whose.")],
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """What a person may use, and what they used."""
    from firmground.app.spending import budgets as use

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        allowed = use.limits_of(app, who, person)
        spending = use.spent(app, who, person)
    if as_json:
        print_json({"allowed": allowed.model_dump(mode="json"), "spending": spending.model_dump(mode="json")})
        return
    say(f"may use: {_line(allowed.limits)}")
    for name, taken in (("today", spending.day), ("this month", spending.month)):
        say(
            f"{name}: {taken.answers} {'answer' if taken.answers == 1 else 'answers'}, {taken.tokens} tokens, {_number(taken.usd)} USD"
        )
    _shares(spending)


@group.command("set")
def set_budget(
    person: Annotated[str | None, typer.Option("--person", help="Of a person; takes the place of all else said of them.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Of a key.")] = None,
    group: Annotated[str | None, typer.Option("--group", "-g", help="Of each member of a group.")] = None,
    workspace: Annotated[bool, typer.Option("--workspace-total", help="Of all together.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Forget what was said before.")] = False,
    requests_a_minute: _Whole = None,
    answers_a_day: _Whole = None,
    answers_a_month: _Whole = None,
    tokens_a_day: _Whole = None,
    tokens_a_month: _Whole = None,
    usd_a_day: _Dollars = None,
    usd_a_month: _Dollars = None,
    upload_megabytes_a_day: _Whole = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Say what somebody may use. What is not named stays as it was said before."""
    from firmground.app.spending import budgets as use
    from firmground.errors import InvalidInput
    from firmground.usage import Limits

    del debug
    named = [("person", person), ("key", key), ("group", group), ("workspace", "" if workspace else None)]
    wanted = [(kind, name) for kind, name in named if name is not None]
    if len(wanted) != 1:
        raise InvalidInput("limits are of one at a time", "give one of --person, --key, --group, --workspace-total")
    given = {
        "requests_a_minute": requests_a_minute,
        "answers_a_day": answers_a_day,
        "answers_a_month": answers_a_month,
        "tokens_a_day": tokens_a_day,
        "tokens_a_month": tokens_a_month,
        "usd_a_day": usd_a_day,
        "usd_a_month": usd_a_month,
        "upload_megabytes_a_day": upload_megabytes_a_day,
    }
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed and not clear:
        raise InvalidInput("no limit is given", "name one, such as --usd-a-month 20, or use --clear")
    [(kind, name)] = wanted
    with opened(directory) as app:
        who = actor(app, None)
        before = Limits() if clear else use.said_of(app, who, kind, name)
        made = Limits.model_validate({**before.model_dump(), **changed})
        use.set_limits(app, who, kind, name, made)
    say(f"{kind} {name}".strip() + f": {_line(made)}")


def _told(limits: "Limits") -> dict[str, float]:
    return limits.model_dump(mode="json", exclude_none=True)


def _line(limits: "Limits") -> str:
    told = {name: value for name, value in _told(limits).items() if value}
    return ", ".join(f"{_number(value)} {name.replace('_', ' ')}" for name, value in told.items()) or "as much as they like"


def _number(value: float) -> str:
    """Without an exponent, and never 0 for what is more."""
    if 0 < value < _TOLD_LEAST:
        return f"less than {_TOLD_LEAST:f}"
    return f"{value:f}".rstrip("0").rstrip(".")


def _shares(spending: "Spending") -> None:
    for share in spending.shares:
        whose = f"{share.kind} {share.name}".strip()
        used = f"{_number(share.used)} of {_number(share.limit)} {share.measure} of this {share.window}"
        say(f"{whose}: {used}, until {share.returns_at:%Y-%m-%d %H:%M} UTC")
