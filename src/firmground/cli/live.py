"""`release` promote, rollback, approve, history: what is live, and who decided it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, progress, remark, say, table

if TYPE_CHECKING:
    from firmground.release.record import Live

Reference = Annotated[str, typer.Argument(metavar="REF", help="A release: its number, or a digest or its beginning.")]
Earlier = Annotated[str, typer.Argument(metavar="REF", help="One that was live; the one promoted before this when absent.")]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="The administrator who answers for it; the system user when absent.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: kept in the ledger for good.")]


def promote(
    reference: Reference,
    override: Annotated[bool, typer.Option("--override", help="Although the gate refuses it; needs --by and --reason.")] = False,
    by: By = "",
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Make a release live that passed an audit. What the gate has against it is listed, and ends with exit code 4."""
    from firmground.app.launching.deciders import NotProven
    from firmground.app.launching.live import promote as use

    del debug
    with opened(directory) as app:
        try:
            with progress("getting ready") as shown:
                made = use(app, actor(app, None), reference, by=by, reason=reason, override=override, watch=shown)
        except NotProven as refused:
            for each in refused.findings:
                remark(each)
            raise
    _tell(made, as_json=as_json)


def rollback(
    reference: Earlier = "",
    by: By = "",
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Make an earlier release live again, at once: it needs no audit, and nothing of the present one."""
    from firmground.app.launching.live import rollback as use

    del debug
    with opened(directory) as app:
        made = use(app, actor(app, None), reference, by=by, reason=reason)
    _tell(made, as_json=as_json)


def approve(
    reference: Reference,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw the approval.")] = False,
    by: By = "",
    reason: Reason = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Approve making a release live, as its latest audit found it. The policy says how many people must."""
    from firmground.app.launching.approving import approve as use

    del debug
    with opened(directory) as app:
        made = use(app, actor(app, None), reference, by=by, reason=reason, withdraw=withdraw)
    if as_json:
        print_json(made.model_dump(mode="json"))
    elif withdraw:
        say(f"{made.person} approves release {reference} no longer")
    else:
        say(f"{made.person} approves release {reference}, as audit {made.audit[:8]} found it")


def history(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What was live, since when, by whom and why, newest first."""
    from firmground.app.launching.live import history as use
    from firmground.app.launching.live import live_now

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None))
        with app.database.reading() as tx:
            live = live_now(app, tx)
    if as_json:
        moves: list[Any] = [each.model_dump(mode="json") for each in found]
        print_json({"live": live.model_dump(mode="json") if live else None, "history": moves})
        return
    table(
        ("when", "what", "release", "by", "why"),
        [
            (
                f"{each.at:%Y-%m-%d %H:%M}",
                each.kind.removeprefix("release.").replace("_", " ") + (" by override" if each.detail.get("override") else ""),
                each.subject,
                each.by,
                str(each.detail.get("reason") or "").partition("\n")[0],
            )
            for each in found
        ],
    )
    say(
        _standing(live)
        if live
        else "nothing is live: the candidate answers administrators, and everybody while there are no accounts"
    )


def _tell(live: "Live", *, as_json: bool) -> None:
    if as_json:
        print_json(live.model_dump(mode="json"))
    else:
        say(_standing(live))


def _standing(live: "Live") -> str:
    said = f"release {live.number} is live since {live.since:%Y-%m-%d %H:%M} UTC"
    if live.override is None:
        return said
    what = "as a demonstration" if live.override.demonstration else "by override"
    count = len(live.override.findings)
    against = "1 thing" if count == 1 else f"{count} things"
    return f"{said} {what}, until {live.override.expires_at:%Y-%m-%d %H:%M} UTC; the gate has {against} against it"
