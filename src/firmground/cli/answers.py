"""`answers`: list, show, replay, and what you think of one: rate, review, share, unshare."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmground.app.app import App
    from firmground.app.asking.opinions import Opinion
    from firmground.types import Actor

group = typer.Typer(
    help="Answers that were given: list them, look at one, make it once more, say what you think of it.",
    no_args_is_help=True,
    rich_markup_mode=None,
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
    from firmground.app.asking.kept import listed

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
    from firmground.app.asking.kept import explanation
    from firmground.app.asking.kept import show as use
    from firmground.app.asking.opinions import of
    from firmground.cli.ask import show_answer, show_explanation

    del debug
    with opened(directory) as app:
        asker = actor(app, person)
        trace = use(app, asker, reference)
        opinion = of(app, asker, trace.answer.id)
        explained = None if as_json else explanation(app, asker, trace.answer.id)
    if explained is None:
        print_json({**trace.model_dump(mode="json"), "opinion": opinion.model_dump(mode="json")})
        return
    say(f"> {one_line(trace.answer.question)}")
    show_answer(trace.answer)
    _show_opinion(opinion)
    show_explanation(explained)


@group.command()
def replay(
    reference: Reference,
    release: Annotated[
        str,
        typer.Option("--release", metavar="REF", help="Ask this release the same question, from the documents as they are now."),
    ] = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Make an answer once more from its recipe, its evidence and what the model said then: no model is asked. With --release, see what
    that release says instead."""
    from firmground.app.asking.kept import replay as use
    from firmground.app.evaluating.asking_again import ask_again

    del debug
    shown: list[tuple[str, str]]
    with opened(directory) as app:
        asker = actor(app, person)
        if release:
            again = ask_again(app, asker, reference, release)
            told = {"outcome": again.outcome, **again.model_dump(mode="json")}
            both = (("before", again.before), ("now", again.now))
            shown = [(name, f"{each.status}, {each.confidence:.2f}: {one_line(each.text)}") for name, each in both]
            erased: tuple[str, ...] = ()
        else:
            found = use(app, asker, reference)
            told, erased = found.model_dump(mode="json"), found.erased
            shown = [(name, text) for name, texts in (("before", found.before), ("now", found.now)) for text in texts]
    if as_json:
        print_json(told)
        return
    words = {"same": "the same answer", "different": "another answer", "source_erased": "source erased"}
    say(words[told["outcome"]])
    for name, text in shown if told["outcome"] == "different" else ():
        say(f"  {name}: {text}")
    for document in erased:
        say(f"  {document} was erased")


@group.command()
def rate(
    reference: Reference,
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", help="`up`, `down`, or `none` to take it back.")],
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="CODE", help="wrong, incomplete, not_what_i_asked, wrong_source, outdated or other."),
    ] = None,
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="In your own words.")] = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Say whether an answer helped. The latest counts."""
    from firmground.app.asking import opinions

    del debug
    given = partial(opinions.rate, verdict=verdict, reason=reason, comment=comment)
    _do(opinions.withdraw_rating if verdict == "none" else given, directory, person, reference, as_json)


@group.command()
def review(
    reference: Reference,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What the person should know.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Nobody need look at it any more.")] = False,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Ask that a person looks at an answer, or withdraw that, and a question whose answer waits for one."""
    from firmground.app.asking import opinions

    del debug
    asked = partial(opinions.ask_person, note=note)
    _do(opinions.withdraw_request if withdraw else asked, directory, person, reference, as_json)


@group.command()
def challenge(
    reference: Reference,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="CODE", help="wrong, incomplete, not_what_i_asked, wrong_source, outdated or other."),
    ] = "wrong",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What the person should know.")] = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Say that an answer of yours is not right, also where a person looked at it before: somebody looks at it again."""
    from firmground.app.asking import opinions

    del debug
    _do(partial(opinions.challenge, reason=reason, note=note), directory, person, reference, as_json)


@group.command()
def share(
    reference: Reference, person: AsPerson = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False
) -> None:
    """Let everybody who is signed in, and may see all that it rests on, see an answer of yours."""
    from firmground.app.asking import opinions

    del debug
    _do(opinions.share, directory, person, reference, as_json)


@group.command()
def unshare(
    reference: Reference, person: AsPerson = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False
) -> None:
    """Show an answer to nobody else any more."""
    from firmground.app.asking import opinions

    del debug
    _do(opinions.unshare, directory, person, reference, as_json)


def _do(
    use: "Callable[[App, Actor, str], object]", directory: Path | None, person: str | None, reference: str, as_json: bool
) -> None:
    """Call a use case on an answer, and show what is said of the answer then."""
    from firmground.app.asking.kept import show as find
    from firmground.app.asking.opinions import of

    with opened(directory) as app:
        asker = actor(app, person)
        id = find(app, asker, reference).answer.id
        use(app, asker, id)
        opinion = of(app, asker, id)
    if as_json:
        print_json(opinion.model_dump(mode="json"))
        return
    say(f"answer {id}")
    _show_opinion(opinion)


def _show_opinion(opinion: "Opinion") -> None:
    """What was said of an answer, for people."""
    for each in opinion.everybody or ([opinion.feedback] if opinion.feedback else []):
        reason = f" ({each.reason})" if each.reason else ""
        say(f"  {each.person} says {each.verdict}{reason}{_noted(each.comment)}")
    if opinion.review:
        say(f"  a person is asked for since {opinion.review.created_at:%Y-%m-%d %H:%M}{_noted(opinion.review.note)}")
    if opinion.shared:
        say(f"  shared at /answers/{opinion.answer} with whoever may see all that it rests on")


def _noted(text: str) -> str:
    return f": {one_line(text)}" if text else ""
