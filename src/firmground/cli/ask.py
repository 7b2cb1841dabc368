"""`ask` and `search`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, Filter, actor, opened
from firmground.cli.terminal import one_line, print_json, say

if TYPE_CHECKING:
    from firmground.types import Answer, Locator, Passage, Usage

_SNIPPET = 300


def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    person: AsPerson = None,
    filters: Filter = None,
    conversation: Annotated[
        str,
        typer.Option("--conversation", "-c", metavar="ID", help="Go on with this conversation; `last` is the latest of yours."),
    ] = "",
    release: Annotated[
        str, typer.Option("--release", metavar="REF", help="What answers: live, candidate, or a digest or its beginning.")
    ] = "live",
    explain: Annotated[bool, typer.Option("--explain", help="Show each sign, rule and step that the answer came by.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Answer a question from the documents, with citations, or say that they do not answer it."""
    del debug
    with opened(directory) as app:
        from firmground.app.asking.answers import ask as use
        from firmground.app.asking.kept import explanation, latest_conversation
        from firmground.app.asking.search import parse_filters

        asker = actor(app, person)
        if conversation == "last":
            conversation = latest_conversation(app, asker)
        wanted = parse_filters(filters or [])
        answer = use(app, asker, question, filters=wanted, conversation=conversation, release=release)
        explained = explanation(app, asker, answer.id) if explain else None
    if as_json:
        print_json(answer.model_dump(mode="json") | ({"explanation": explained} if explained else {}))
        return
    show_answer(answer)
    if explained:
        show_explanation(explained)


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
        from firmground.app.asking.search import parse_filters, standing
        from firmground.app.asking.search import search as use

        asker = actor(app, person)
        found = use(app, asker, query, filters=parse_filters(filters or []), limit=limit)
        notices = standing(app, asker)
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


def show_answer(answer: "Answer") -> None:
    """An answer for people: its text, its state, its sources."""
    say(answer.text)
    for number, choice in enumerate(answer.choices, 1):
        say(f"  {number}. {one_line(choice['text'])}")
    say()
    for citation in answer.citations:
        say(f"  [{citation.n}] {_place(citation.title, citation.uri, citation.locator)}")
    if not answer.citations and answer.closest:
        say("  closest passages:")
        for passage in answer.closest[:3]:
            say(f"  - {_place(passage.title, passage.uri, passage.locator)}: {_short(passage, 120)}")
    for notice in answer.notices:
        say(f"  note: {one_line(notice.text)}")
    took = answer.timings_ms.get("total", 0.0)
    by = "" if answer.model == "extractive" else f", {answer.model}, {_cost(answer.usage)}"
    codes = {notice.code for notice in answer.notices}
    standing = " (not released)" if "not_released" in codes else " (not live yet)" if "not_live" in codes else ""
    say(f"  {answer.status}, confidence {answer.confidence:.2f}{by}, recipe {answer.release[:12]}{standing}, {took:.0f} ms")
    if any(sentence.check == "no_mismatch_found" for sentence in answer.sentences):
        say("  each sentence was compared with what it cites: no mismatch found, which is no proof")
    if answer.status == "draft":
        if answer.review and (due := answer.review.get("due_at")):
            say(f"  expected by {datetime.fromisoformat(due).astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        say(f"  look again with: firmground answers show {answer.id}")
    if answer.status in {"clarify", "abstained", "weak"}:
        say(f"  go on with: firmground ask --conversation {answer.conversation} '…'")


def show_explanation(explained: "dict[str, Any]") -> None:
    """How an answer came about: reasons, rules, signs, steps."""
    say("  why:")
    for reason in explained["reasons"]:
        say(f"    {one_line(reason)}")
    if routed := explained["routed"]:
        names = ", ".join(cause["name"] or cause["kind"] for cause in routed["causes"])
        say(one_line(f"  rules of the release: {routed['outcome']}" + (f" ({names})" if names else "")))
    say("  rules, in the order they were looked at (→ fired):")
    for rule in explained["rules"]:
        limit = "" if rule["limit"] is None else f" (limit {rule['limit']})"
        seen = f"{rule['seen']:.3g}" if isinstance(rule["seen"], float) else rule["seen"] or "–"
        told = one_line(f"{rule['name']}: {rule['text']}: {seen}{limit}")
        say(f"    {'→' if rule['fired'] else ' '} {told}")
    if explained["signs"]:
        say("  signs (what each adds to the odds: value, weight):")
    for each in explained["signs"]:
        say(f"    {each['contribution']:+6.2f}  {each['sign']} {each['value']:.2f}, {each['weight']:+.2f}: {each['meaning']}")
    for step in explained["steps"]:
        detail = ", ".join(f"{name} {value}" for name, value in step["detail"].items())
        say(f"  step {step['name']}: {step['outcome']}" + (f" ({detail})" if detail else "") + f", {step['took_ms']:.0f} ms")


def _cost(usage: "Usage") -> str:
    return "cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"


def _place(title: str, uri: str, locator: "Locator") -> str:
    parts = [f"page {locator.page}"] if locator.page is not None else []
    parts += [locator.heading] if locator.heading and locator.heading != title else []
    return one_line(f"{title} ({uri}" + "".join(f", {part}" for part in parts) + f", characters {locator.start}–{locator.end})")


def _short(passage: "Passage", length: int = _SNIPPET) -> str:
    text = " ".join(passage.text.split())
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"
