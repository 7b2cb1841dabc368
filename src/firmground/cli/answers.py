"""`answers`: list, show, replay."""

from typing import Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

group = typer.Typer(
    help="Answers that were given: list them, look at one, make it once more.", no_args_is_help=True, rich_markup_mode=None
)

Reference = Annotated[str, typer.Argument(metavar="ANSWER", help="Its id, the beginning of it, or `last`: the latest of yours.")]


@group.command("list")
def list_(
    conversation: Annotated[
        str | None, typer.Option("--conversation", "-c", metavar="ID", help="Only this conversation.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="At most so many.")] = 20,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Answers, newest first."""
    from firmground.app.kept import listed

    del debug
    with opened(directory) as app:
        found = listed(app, actor(app, person), conversation=conversation, limit=limit)
    if as_json:
        print_json([trace.answer.model_dump(mode="json") for trace in found])
        return
    table(
        ("answer", "when", "person", "status", "question"),
        [
            (
                trace.answer.id,
                f"{trace.answer.created_at:%Y-%m-%d %H:%M}",
                trace.person,
                trace.answer.status,
                trace.answer.question,
            )
            for trace in found
        ],
    )


@group.command()
def show(
    reference: Reference,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """One answer with how it came about. `--json` is the whole trace: evidence, prompt, what a model said, steps."""
    from firmground.app.kept import explanation
    from firmground.app.kept import show as use
    from firmground.cli.ask import show_answer, show_explanation

    del debug
    with opened(directory) as app:
        asker = actor(app, person)
        trace = use(app, asker, reference)
        explained = None if as_json else explanation(app, asker, reference)
    if explained is None:
        print_json(trace.model_dump(mode="json"))
        return
    say(f"> {one_line(trace.answer.question)}")
    show_answer(trace.answer)
    show_explanation(explained)


@group.command()
def replay(
    reference: Reference,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Make an answer once more from its recipe, its evidence and what the model said then. No model is asked."""
    from firmground.app.kept import replay as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, person), reference)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    words = {"same": "the same answer", "different": "another answer", "source_erased": "source erased"}
    say(words[found.outcome])
    for name, sentences in (("before", found.before), ("now", found.now)) if found.outcome == "different" else ():
        for sentence in sentences:
            say(f"  {name}: {sentence}")
    for document in found.erased:
        say(f"  {document} was erased")
