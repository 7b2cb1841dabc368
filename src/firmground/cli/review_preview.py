"""`review preview`: what changed rules would do, before they are released."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

if TYPE_CHECKING:
    from firmground.app.reviewing.preview import Preview

_SHOWN = 20


def preview(
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help="Look at so many of the answers given last.")
    ] = 1000,
    rules: Annotated[
        str, typer.Option("--rules", metavar="REF", help="Whose rules: candidate, live, or a release.")
    ] = "candidate",
    against: Annotated[str, typer.Option("--against", metavar="REF", help="Whose rules they are compared with.")] = "live",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A TOML file with [[review.rules]], instead of --rules.")
    ] = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """What other rules would have done to the answers given last: which fare otherwise, and how much review work that is. Nothing is asked
    again."""
    from firmground.app.reviewing.preview import preview as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, person), rules=rules, against=against, file=file, limit=limit)
    if as_json:
        print_json({**found.model_dump(mode="json"), "hours": round(found.hours, 2)})
    else:
        _show(found)


def _show(found: "Preview") -> None:
    since = f" since {found.since:%Y-%m-%d}" if found.since else ""
    say(f"{found.answers} answers{since}: the rules of {found.rules} against those of {found.against}")
    table(
        ("outcome", found.against, found.rules), [(each, str(found.before[each]), str(now)) for each, now in found.after.items()]
    )
    how = "measured here" if found.measured else "assumed, as nobody decided yet"
    say(
        f"people look {found.looks_after} times instead of {found.looks_before}: {found.hours:+.1f} hours"
        f" ({found.minutes_each:g} minutes each, {how})"
    )
    for rule in found.firing:
        say(one_line(f"  {rule.answers:6} {rule.name} ({rule.then})"))
    if found.changed:
        say(f"{found.changed} fare otherwise:")
    for each in found.changes[:_SHOWN]:
        say(one_line(f"  {each.answer[:13]} {each.before} → {each.after}: {each.question}"))
    if found.changed > _SHOWN:
        say(f"  … and {found.changed - _SHOWN} more (--json tells {len(found.changes)})")
    if found.left_out:
        say(f"left out: {found.left_out} that were refused before any rule, or of which something was erased")
    for note in found.notes:
        say(one_line(f"note: {note}"))
