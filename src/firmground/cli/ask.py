"""`ask` and `search`."""

from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, Filter, actor, opened
from firmground.cli.terminal import print_json, say

if TYPE_CHECKING:
    from firmground.types import Answer, Locator, Passage

_SNIPPET = 300


def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    person: AsPerson = None,
    filters: Filter = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show what the confidence rests on.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    del debug
    with opened(directory) as app:
        from firmground.app.answers import ask as use
        from firmground.app.search import parse_filters

        answer = use(app, actor(app, person), question, filters=parse_filters(filters or []))
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        show_answer(answer, explain=explain)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="At most so many passages.")] = 10,
    person: AsPerson = None,
    filters: Filter = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Find passages, with the scores of both retrievers."""
    del debug
    with opened(directory) as app:
        from firmground.app.readiness import not_up_to_date
        from firmground.app.search import parse_filters
        from firmground.app.search import search as use

        found = use(app, actor(app, person), query, filters=parse_filters(filters or []), limit=limit)
        notices = not_up_to_date(app)
    if as_json:
        hits = [
            {
                **passage.model_dump(mode="json", include={"passage", "document", "title", "uri", "locator", "score", "scores"}),
                "snippet": passage.text,
            }
            for passage in found.passages
        ]
        timings = {stage: round(took, 2) for stage, took in found.timings_ms.items()}
        print_json({"hits": hits, "notices": [notice.model_dump() for notice in notices], "timings_ms": timings})
        return
    for number, passage in enumerate(found.passages, start=1):
        scores = passage.scores
        parts = [
            f"{name} {value:.2f}" for name, value in (("lexical", scores.lexical), ("dense", scores.dense)) if value is not None
        ]
        say(f"{number}. {_place(passage.title, passage.uri, passage.locator)}")
        say(f"   score {passage.score:.3f} ({', '.join(parts)})")
        say(f"   {_short(passage)}")
    if not found.passages:
        say("nothing found")
    for notice in notices:
        say(f"note: {notice.text}")


def show_answer(answer: "Answer", *, explain: bool = False) -> None:
    """An answer for people: its text, its state, its sources."""
    say(answer.text)
    say()
    for citation in answer.citations:
        say(f"  [{citation.n}] {_place(citation.title, citation.uri, citation.locator)}")
    if not answer.citations and answer.closest:
        say("  closest passages:")
        for passage in answer.closest[:3]:
            say(f"  - {_place(passage.title, passage.uri, passage.locator)}: {_short(passage, 120)}")
    for notice in answer.notices:
        say(f"  note: {notice.text}")
    took = answer.timings_ms.get("total", 0.0)
    say(f"  {answer.status}, confidence {answer.confidence:.2f}, recipe {answer.release[:12]} (not released), {took:.0f} ms")
    if explain:
        for reason in answer.reasons:
            say(f"    {reason}")


def _place(title: str, uri: str, locator: "Locator") -> str:
    parts = [f"page {locator.page}"] if locator.page is not None else []
    parts += [locator.heading] if locator.heading and locator.heading != title else []
    return f"{title} ({uri}" + "".join(f", {part}" for part in parts) + f", characters {locator.start}–{locator.end})"


def _short(passage: "Passage", length: int = _SNIPPET) -> str:
    text = " ".join(passage.text.split())
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"
