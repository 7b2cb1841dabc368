"""`init`, `demo`, `serve`, `mcp` and `doctor`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark, say

OWNER_FILE = "FIRMGROUND_OWNER_FILE"
"""Names a file with one line `name:password`: the first owner, where there is none yet."""


def init(
    directory: Annotated[Path, typer.Argument(help="Where; made if need be.")] = Path(),
    sample: Annotated[bool, typer.Option("--sample", help="With the documents of the sample company.")] = False,
    debug: Debug = False,
) -> None:
    """Make a workspace."""
    from firmground.app.setup import init as use

    del debug
    made = use(directory, sample=sample)
    say(f"made {made}: put documents into {made / 'documents'}, then run `firmground sync`")


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where the sample workspace is made, or used again.")] = Path(
        "firmground-demo"
    ),
    serve_after: Annotated[bool, typer.Option("--serve", help="Serve it afterwards.")] = False,
    debug: Debug = False,
) -> None:
    """The whole way on a sample workspace: sync real files, ask, see the answer with its sources."""
    from firmground.cli.demo import run

    run(directory)
    if serve_after:
        serve(directory=directory, debug=debug)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; loopback until there is an owner.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port; 0 takes a free one.")] = None,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Serve pages and programs over HTTP: this machine until there is an owner, then whoever signs in."""
    del debug
    with opened(directory) as app:
        from firmground.app.access.accounts import owner_from_file
        from firmground.app.recording.intents import settle
        from firmground.app.recording.ledger import loaded
        from firmground.errors import StorageFull
        from firmground.web.server import run

        try:
            settle(app)
            loaded(app, actor(app, None))
        except StorageFull as error:  # people can still be answered
            remark(f"the ledger takes no entry now: {error}")

        if named := os.environ.get(OWNER_FILE):
            owner_from_file(app, Path(named))
        settings = app.workspace.settings.serve
        run(app, host=host or settings.host, port=settings.port if port is None else port, ready=remark)


def mcp(as_person: AsPerson = None, directory: Directory = None, debug: Debug = False) -> None:
    """Serve questions and searches to one program over standard input and output, by the Model Context Protocol."""
    del debug
    with opened(directory) as app:
        from firmground.mcp import serve_stdio

        serve_stdio(app, actor(app, as_person))


def doctor(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What is wrong, and how to mend it. Exit code 1 when something is."""
    del debug
    with opened(directory) as app:
        from firmground.app.doctor import doctor as use
        from firmground.wire import component_checks

        checks = use(app, actor(app, None), component_checks(app))
    if as_json:
        print_json([check.model_dump() for check in checks])
    else:
        for check in checks:
            say(f"{check.state:8} {check.name:18} {check.detail}" + (f": {check.remedy}" if check.remedy else ""))
    if any(check.state == "error" for check in checks):
        raise typer.Exit(1)
