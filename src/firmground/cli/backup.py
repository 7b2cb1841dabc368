"""`backup` and `restore`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import confirm, one_line, print_json, progress, remark, say

if TYPE_CHECKING:
    from firmground.app.app import App
    from firmground.app.keeping.backup import Made
    from firmground.app.keeping.restore import Restored

Backup = Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file, a folder (then the name has the time), or - for stdout.")],
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", help="In a folder: delete older ones but for the newest N.")
    ] = None,
    without_index: Annotated[
        bool, typer.Option("--without-index", help="Smaller; restoring takes as long as a sync of everything.")
    ] = False,
    with_documents: Annotated[
        bool, typer.Option("--with-documents", help="Also the files of sources that lie in the workspace.")
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Write all that cannot be made again into one file, of one moment, while everything goes on. It holds personal data: keep it safe.
    Exit code 6 when the ledger in it is not as it was written."""
    from firmground.app.keeping import backup as use
    from firmground.errors import InvalidInput

    del debug
    with opened(directory) as app:
        if str(file) == "-":
            if keep is not None or as_json or sys.stdout.isatty():
                raise InvalidInput(
                    "a backup on stdout goes into a pipe, and nothing else does", "pipe it on, without --keep and --json"
                )
            made = use.backup_to(
                app, actor(app, None), sys.stdout.buffer, with_index=not without_index, with_documents=with_documents
            )
            sys.stdout.flush()
            remark(_told(made))
            _warn(made, kept=False)
            return
        made = use.backup(app, actor(app, None), file, keep=keep, with_index=not without_index, with_documents=with_documents)
    if as_json:
        about = made.manifest.model_dump(mode="json", exclude={"members"})
        dropped = [str(path) for path in made.dropped]
        print_json(
            {"file": str(made.path), "bytes": made.bytes, "sha256": made.seal, "dropped": dropped, "fault": made.fault, **about}
        )
    else:
        say(_told(made))
        for path in made.dropped:
            say(f"deleted {path}")
    _warn(made, kept=keep is not None)


def restore(
    file: Backup,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Into a new folder; nothing else is touched.")] = None,
    drill: Annotated[bool, typer.Option("--drill", help="Try it out in a place of its own, and record how it went.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    other: Annotated[bool, typer.Option("--other-workspace", help="Also where it is a backup of another workspace.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Replace the data of the workspace by that of a backup; the data there is is kept aside. Stop what serves first."""
    from firmground.app.keeping import restore as use
    from firmground.errors import InvalidInput

    del debug
    if to is not None and drill:
        raise InvalidInput("a drill leaves nothing behind", "use --to or --drill, not both")
    if to is not None:
        from firmground.cli.options import system
        from firmground.wire import open_workspace

        _show(use.restore_into(open_workspace, system(), file, to), as_json=as_json)
        return
    from firmground.app.keeping.archive import recognised
    from firmground.wire import open_workspace

    with open_workspace(directory, cut_off=not drill) as app:
        if drill:
            _drill(app, file, as_json=as_json)
            return
        if not yes:
            recognised(file)
            confirm(f"Replace the data of {app.workspace.name} by {file.name}?")
        with progress("restoring"):
            made = use.restore(app, actor(app, None), file, other=other)
    _show(made, as_json=as_json)


def _drill(app: "App", file: Path, *, as_json: bool) -> None:
    from firmground.app.keeping.drill import drill

    with progress("trying it out"):
        done = drill(app, actor(app, None), file)
    if as_json:
        print_json({**done.exercise.model_dump(mode="json"), "seconds": done.seconds, "age_hours": done.age_hours})
    else:
        say(done.exercise.said)
        for finding in done.exercise.findings:
            say(f"  {finding}")
    if not done.exercise.passed:
        raise typer.Exit(6)


def _told(made: "Made") -> str:
    manifest = made.manifest
    index = "" if manifest.index == "whole" else ", without the index"
    where = f" in {made.path}" if made.path else ""
    rows = sum(manifest.tables.values())
    return f"backed up {rows} rows and {len(manifest.members)} files{index}: {made.bytes / 1e6:.1f} MB{where}"


def _warn(made: "Made", *, kept: bool) -> None:
    """What was written is there, but whoever looks at the exit code alone must know."""
    from firmground.errors import Damaged

    if made.fault:
        also = "; no older backup was deleted" if kept else ""
        remark(f"the ledger in this backup is not as it was written ({made.fault}){also}: look at `firmground ledger verify`")
        raise typer.Exit(Damaged.exit_code)


def _show(made: "Restored", *, as_json: bool) -> None:
    for warning in made.warnings:
        remark(warning)
    if as_json:
        print_json(
            {
                "workspace": str(made.root),
                "made_at": made.manifest.made_at.isoformat(),
                "aside": str(made.aside) if made.aside else None,
                "erased_again": made.erased_again,
                "held": made.held,
                "other_workspace": made.manifest.workspace if made.other else None,
                "written": list(made.written),
                "differ": list(made.differ),
                "warnings": list(made.warnings),
            }
        )
        return
    say(f"restored {made.root} as it was at {made.manifest.made_at:%Y-%m-%d %H:%M} UTC")
    if made.other:
        say(
            f"it holds the data of another workspace now, {one_line(made.manifest.workspace)}: its files were not put among yours"
        )
    if made.erased_again:
        say(f"erased again, since somebody had erased them after that: {made.erased_again}")
    if made.held:
        say(
            f"messages that waited in it, and may have been sent since: {made.held}; they are held until you say so:"
            " `firmground notifications send-held`, or `drop-held`"
        )
    if made.written:
        say(f"written, since they were missing: {', '.join(made.written)}")
    if made.differ:
        say(f"left as they are now: {', '.join(made.differ)} (those of the backup lie in .firmground/from-backup)")
    if made.aside:
        say(f"what was there before lies in {made.aside}: delete it when you are sure")
