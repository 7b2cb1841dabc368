"""`ledger`: show, verify, anchor."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

if TYPE_CHECKING:
    from firmground.app.app import App
    from firmground.gate.ledger import Inspection
    from firmground.ledger import LedgerEntry

group = typer.Typer(help="The record of decisions: who did what, when and why.", no_args_is_help=True, rich_markup_mode=None)


@group.command()
def show(
    after: Annotated[int, typer.Option("--after", metavar="N", help="Only entries after this number.")] = 0,
    kind: Annotated[list[str] | None, typer.Option("--kind", metavar="KIND", help="Only of this kind. Repeatable.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="At most so many; the latest.")] = 100,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """The latest entries, oldest first; with --after those that follow it."""
    from firmground.app.recording.ledger import entries

    del debug
    _check_kinds(kind or [])
    with opened(directory) as app:
        found = entries(app, actor(app, None), after=after, kinds=kind or None, limit=limit, newest_first=not after)
    found = found if after else found[::-1]
    if as_json:
        print_json([{**each.model_dump(mode="json"), "digest": each.digest} for each in found])
        return
    table(
        ("entry", "when (UTC)", "kind", "what", "by", "detail"),
        [
            (each.number, f"{each.at:%Y-%m-%d %H:%M}", each.kind, one_line(each.subject), _by(each), _detail(each))
            for each in found
        ],
    )


@group.command()
def verify(
    anchor: Annotated[
        list[Path] | None, typer.Option("--anchor", metavar="FILE", help="What `ledger anchor` wrote, or its mail. Repeatable.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Whether the record is as it was written. Exit code 6 when it is not."""
    from firmground.app.recording.ledger import verify as use
    from firmground.errors import Damaged

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None), anchor or ())
        restored = _restored(app) if anchor and not found.whole else []
    if as_json:
        print_json({**found.model_dump(mode="json"), "whole": found.whole})
    else:
        _tell(found, restored)
    if not found.whole:
        raise typer.Exit(Damaged.exit_code)


@group.command("anchor")
def anchor_(
    file: Annotated[Path | None, typer.Option("--file", metavar="PATH", help="Add a line to this file.")] = None,
    mail: Annotated[str, typer.Option("--mail", metavar="ADDRESS", help="Send it there, by the server under [mail].")] = "",
    webhook: Annotated[str, typer.Option("--webhook", metavar="URL", help="POST it there as JSON.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Let the end of the record be known outside, so that nobody can take entries off it or write it anew unseen."""
    from firmground.app.recording.ledger import anchor as use
    from firmground.wire import anchor_place

    del debug
    with opened(directory) as app:
        kind, to, send = anchor_place(app, file=file, mail=mail, webhook=webhook)
        made = use(app, actor(app, None), kind, to, send)
    if as_json:
        print_json({**made.model_dump(mode="json"), "kind": kind, "to": to})
    else:
        say(f"entry {made.number} is anchored: {kind} {to}")
        say(made.entry)


def _check_kinds(given: list[str]) -> None:
    from firmground.errors import NotFound
    from firmground.ledger import KINDS

    for each in given:
        if each not in KINDS:
            raise NotFound(f"there are no entries of the kind {each[:100]!r}", f"use one of {', '.join(KINDS)}")


def _restored(app: "App") -> list[str]:
    """Restores that explain why anchors do not fit, as far as the record can be read: what they replaced is not in it any more."""
    from firmground.app.recording.ledger import entries
    from firmground.errors import FirmgroundError

    try:
        found = entries(app, actor(app, None), kinds=["backup.restored"], limit=1000)
    except FirmgroundError:
        return []
    return [
        f"entry {each.number} is a backup.restored of {one_line(each.subject)}, which ends with entry {each.detail.get('entry')}:"
        " an anchor of a later one, from before the restore, fits no longer"
        for each in found
    ]


def _tell(found: "Inspection", restored: list[str]) -> None:
    for each in found.faults:
        say(f"entry {each.number}: {each.what}: {each.said}" if each.number else f"{each.what}: {each.said}")
    if found.more:
        say(f"and {found.more} more")
    for each in [*restored, *found.remarks]:
        say(f"to be known: {each}")
    if not found.whole:
        say("the ledger is not as it was written: restore a backup, and find out who changed it")
        return
    say(f"{found.entries} entries, each as it was written; the last one is {found.digest_of_last}")
    if found.witnesses:
        say(f"confirmed by {', '.join(found.witnesses)}")
    if found.unwitnessed:
        say(f"{found.unwitnessed} at the end are known to the database alone, until the next one")


def _by(entry: "LedgerEntry") -> str:
    """Who, and the system user where that is another, or the key."""
    also = f" (by the key {entry.key})" if entry.key else "" if entry.user in {"", entry.by} else f" (as {entry.user})"
    return one_line(f"{entry.by}{also}")


def _detail(entry: "LedgerEntry") -> str:
    return one_line("; ".join(f"{name}: {_written(value)}" for name, value in entry.detail.items()))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
