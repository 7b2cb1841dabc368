"""`person export|erase|hold|unhold|holds` and `retention`: the rights of people over what is kept of them."""

from pathlib import Path
from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.people import persons
from firmground.cli.terminal import confirm, print_json, remark, say, table

Whose = Annotated[str, typer.Argument(help="Whose data it is; also of somebody who was removed.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a line. It stays in the ledger, so it names nobody.")]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help="Who answers for it, if not you.")]
_DASH = Path("-")


@persons.command("export")
def export_person(
    name: Whose,
    file: Annotated[Path | None, typer.Argument(help="A new file; `-` for the terminal; named after today when absent.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Write all that is kept of a person into a zip: JSON, and a README that explains it."""
    import io
    import sys

    from firmground.app.personal import personal_data

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        if file == _DASH:
            out = io.BytesIO()
            personal_data.export_zip(app, who, name, out)
            sys.stdout.buffer.write(out.getvalue())
            return
        path = file or Path(f"personal-data-{app.clock():%Y%m%dT%H%M%SZ}.zip")
        written = personal_data.export_file(app, who, name, path)
    say(f"all that is kept of {name} is in {written}; only you may read that file")


@persons.command("erase")
def erase_person(
    name: Whose,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Erase a person with all that is kept of them: questions, answers, comments, account, keys. It cannot be undone; uploads stay."""
    from firmground.app.personal import erasing

    del debug
    with opened(directory) as app:
        if not yes:
            confirm(f"Erase {name} and everything that is kept of them? This cannot be undone.")
        made = erasing.erase(app, actor(app, None), name, reason=reason)
    counted = ", ".join(f"{count} {kind}" for kind, count in made.counts.items() if count) or "nothing more"
    say(f"{name} is erased, with {counted}; the ledger calls them {made.alias} from now on")
    if made.pinned:
        remark(
            f"{made.pinned} of their questions stay as pinned answers, under nobody's name: retire one with `firmground pin retire`"
        )
    remark(
        "uploads of theirs stay: erase a document with `firmground documents purge`; backups from before hold what was kept then"
    )


@persons.command("hold")
def hold_person(name: Whose, reason: Reason, by: By = "", directory: Directory = None, debug: Debug = False) -> None:
    """Place a legal hold: nothing that is kept of a person is erased until it is lifted."""
    from firmground.app.personal import holds

    del debug
    with opened(directory) as app:
        made = holds.hold(app, actor(app, None), name, reason=reason, by=by)
    say(f"what is kept of {name} is under a legal hold, by {made.by}")


@persons.command("unhold")
def unhold_person(
    name: Whose,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a line.")] = "",
    by: By = "",
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Lift a legal hold."""
    from firmground.app.personal import holds

    del debug
    with opened(directory) as app:
        holds.unhold(app, actor(app, None), name, reason=reason, by=by)
    say(f"what is kept of {name} is under no hold any more")


@persons.command("holds")
def list_holds(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Every legal hold, with who answers for it and why."""
    from firmground.app.personal import holds

    del debug
    with opened(directory) as app:
        found = holds.holds(app, actor(app, None))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
    else:
        table(("person", "since", "by", "reason"), [(each.person, f"{each.at:%Y-%m-%d}", each.by, each.reason) for each in found])


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and erase nothing.")] = False,
    certain: Annotated[
        bool, typer.Option("--certain", help="The clock is right, however long ago this was done last: do not wait.")
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Erase what is older than [retention] says. A server does that once a day by itself."""
    from firmground.app.personal import retention as use

    del debug
    with opened(directory) as app:
        who, days = actor(app, None), use.days(app)
        made = use.due(app, who) if dry_run else use.sweep(app, who, certain=certain)
    if as_json:
        print_json({"removed": made.counts, "days": days, "waits": made.waits, "dry_run": dry_run})
        return
    rows = [
        (kind.replace("_", " "), str(kept) if kept else "for ever", made.counts.get(kind, "-")) for kind, kept in days.items()
    ]
    table(("kind", "days", "would go" if dry_run else "gone"), rows)
    if made.waits:
        remark(f"nothing was erased: {made.waits}; with --certain it goes now")
