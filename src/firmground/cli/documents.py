"""`documents`: list, show, upload, release, purge, quality."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import confirm, print_json, say, table

group = typer.Typer(
    help="Documents: list them, look at one, decide about those that wait.", no_args_is_help=True, rich_markup_mode=None
)

Reference = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its address (source/path), path, or id.")]
OneSource = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only this source.")]


@group.command("list")
def list_(
    source: OneSource = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="indexed, quarantined, failed or excluded.")
    ] = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Documents with their state."""
    from firmground.app.corpus import documents as use

    del debug
    with opened(directory) as app:
        found = use.listed(app, actor(app, person), source=source, state=use.parse_state(state))
    if as_json:
        print_json([document.model_dump(mode="json") for document in found])
        return
    table(
        ("state", "document", "language", "title", "why"),
        [
            (
                each.state,
                f"{each.source}/{each.uri}",
                each.language,
                each.title,
                f"{each.code}: {each.detail}" if each.code else "",
            )
            for each in found
        ],
    )


@group.command()
def show(
    document: Reference, person: AsPerson = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False
) -> None:
    """One document: what is known of it, and its text."""
    from firmground.app.corpus import documents as use

    del debug
    with opened(directory) as app:
        found = use.show(app, actor(app, person), document)
    if as_json:
        print_json(found)
        return
    for key in (
        "id",
        "source",
        "uri",
        "state",
        "code",
        "detail",
        "title",
        "media_type",
        "language",
        "groups",
        "metadata",
        "size",
    ):
        if found[key] not in (None, "", {}, []):
            say(f"{key:11} {_words(found[key])}")
        elif key == "groups":
            say(f"{key:11} none: only administrators see it")
    say(f"{'chunks':11} {len(found['chunks'])}")
    say()
    say(found["text"])


def _words(value: Any) -> str:
    """A value as a person writes it; keys and values below each other."""
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return ("\n" + " " * 12).join(f"{key}: {_words(each)}" for key, each in pairs)
    if isinstance(value, list):
        return ", ".join(map(_words, cast("list[Any]", value)))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@group.command()
def upload(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="What to take in.", exists=True, dir_okay=False)],
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="GROUP", help="Who may see it; administrators only when absent. Repeatable."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Refuse a name that was uploaded already, instead of replacing it.")
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Give documents to the workspace itself and sync them. One of the same name is replaced, and stays visible to whom it was."""
    from firmground.app.corpus import uploads as use
    from firmground.app.corpus.sync import sync
    from firmground.errors import InvalidInput

    del debug
    with opened(directory) as app:
        who = actor(app, None)
        done: list[use.Upload] = []
        for path in files:
            try:
                with path.open("rb") as file:
                    parts = iter(lambda file=file: file.read(1 << 20), b"")
                    done.append(use.upload(app, who, path.name, parts, groups or None, replace=not keep))
            except OSError as error:
                raise InvalidInput(f"{path} cannot be read ({error.strerror})", "name a file that you may read") from None
        report = sync(app, who, [app.uploads.name])
    if as_json:
        print_json({"uploads": [each.model_dump(mode="json") for each in done], "sync": report})
        return
    for each in done:
        seen = ", ".join(each.groups) or "administrators only"
        say(f"{each.source}/{each.uri} {'is replaced' if each.replaced else 'is uploaded'}, seen by {seen}")
    for problem in report["sources"][0]["problems"]:
        say(f"{problem['uri']}: {problem['detail']}")


@group.command()
def release(document: Reference, as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Let a quarantined document in, after you have read it. Holds until its content changes."""
    from firmground.app.corpus import documents as use

    del debug
    with opened(directory) as app:
        found = use.release(app, actor(app, None), document)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        say(f"{found.source}/{found.uri} is indexed now")


@group.command()
def purge(
    document: Reference,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Erase a document from database and index, after asking. Its file stays, unless it was uploaded; the next sync does not bring it
    back."""
    from firmground.app.corpus import documents as use

    del debug
    with opened(directory) as app:
        before = use.find(app, actor(app, None), document)
        name = f"{before.source}/{before.uri}"
        if before.state != "excluded" and not yes:
            confirm(f"erase {name}? This cannot be taken back.")
        found = use.purge(app, actor(app, None), before.id)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        erased = "is erased, and its file" if found.state == "removed" else "is erased and excluded"
        say(f"{name} was erased already" if before.state == "excluded" else f"{name} {erased}")


@group.command()
def quality(source: OneSource = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What is odd in the documents, where, and what to do about it, as of the last sync. What does most harm comes first."""
    from firmground.app.corpus import documents as use

    del debug
    with opened(directory) as app:
        findings = use.quality(app, actor(app, None), source=source)
    if as_json:
        print_json([finding.model_dump(mode="json", exclude_none=True) for finding in findings])
        return
    table(
        ("finding", "document", "what", "remedy"),
        [
            (each.code, each.uri + (f":{each.start}" if each.start is not None else ""), each.detail, each.remedy)
            for each in findings
        ],
    )
