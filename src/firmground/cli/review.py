"""`review`: what waits for people, one answer with all it takes to decide, and what you do with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, say, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmground.app.app import App
    from firmground.app.reviewing.queue import Shown
    from firmground.reviews import ReviewItem
    from firmground.types import Citation, Passage

_AROUND = 160
"""Characters shown before and after a quote, and of what was found besides."""

group = typer.Typer(
    help="Answers that people look at: what waits, one with its evidence, and your decision.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Item = Annotated[str, typer.Argument(metavar="ITEM", help="Its id, or the beginning of it.")]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="CODE",
        help="right, wrong, incomplete, not_supported, outdated, wrong_source, wording, personal_data, unsafe, not_for_us, unsure"
        " or other.",
    ),
]
Note = Annotated[
    str,
    typer.Option(
        "--note",
        metavar="TEXT",
        help="In your own words. With `approve`, `edit` and `reject` the asker reads it; else only those who review.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Whole passages, and not only what stands around the quotes.")]
Revision = Annotated[
    int | None,
    typer.Option(
        "--revision", metavar="N", min=0, help="Only if nobody else did anything with it since; `show` tells the number."
    ),
]


@group.command("list")
def list_(
    view: Annotated[str, typer.Option("--view", metavar="VIEW", help="waiting, mine or done.")] = "waiting",
    after: Annotated[str, typer.Option("--after", metavar="ITEM", help="Begin behind this item.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="At most so many.")] = 50,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """What waits for you, most urgent first."""
    from firmground.app.reviewing import queue

    del debug
    with opened(directory) as app:
        page = queue.listed(app, actor(app, person), view=queue.view_of(view), after=after, limit=limit)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    rows = [
        (
            each.item.id,
            each.item.priority,
            f"{each.item.due_at:%Y-%m-%d %H:%M} UTC",
            each.item.holder or "-",
            one_line(each.question),
        )
        for each in page.items
    ]
    table(("item", "priority", "due", "held by", "question"), rows)
    if page.after:
        say(f"more with --after {page.after}")


@group.command()
def show(
    item: Item,
    find: Annotated[
        str,
        typer.Option(
            "--find", metavar="WORDS", help="Find passages that a correction may cite: both you and the asker may see them."
        ),
    ] = "",
    full: Full = False,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """One item: question, draft, evidence, what was done with it, and similar earlier decisions."""
    from firmground.app.reviewing import queue, sources

    del debug
    with opened(directory) as app:
        reviewer = actor(app, person)
        found = queue.shown(app, reviewer, item)
        passages = sources.find(app, reviewer, found.item.id, find) if find.strip() else []
    if as_json:
        print_json({**found.model_dump(mode="json"), "found": [each.model_dump(mode="json") for each in passages]})
        return
    _show(found, full=full)
    for passage in passages:
        text = one_line(passage.text)
        say(f"  found {passage.passage} {passage.uri}: {text if full else _beginning(text)}")


@group.command("next")
def next_(
    full: Full = False, person: AsPerson = None, as_json: AsJson = False, directory: Directory = None, debug: Debug = False
) -> None:
    """Take the most urgent item that nobody has, and show it."""
    from firmground.app.reviewing import acting, queue

    del debug
    with opened(directory) as app:
        reviewer = actor(app, person)
        taken = acting.claim_next(app, reviewer)
        found = queue.shown(app, reviewer, taken.id) if taken is not None else None
    if as_json:
        print_json(found.model_dump(mode="json") if found else None)
    elif found is None:
        say("nothing waits for you")
    else:
        _show(found, full=full)


@group.command()
def claim(
    item: Item,
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Take an item, so that nobody else does until the lease lapses."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.claim, directory, person, item, revision, as_json)


@group.command()
def approve(
    item: Item,
    reason: Reason = None,
    note: Note = "",
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """The answer is right as it stands."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.approve, directory, person, item, revision, as_json, reason=reason, note=note)


@group.command()
def edit(
    item: Item,
    text: Annotated[
        str,
        typer.Option("--text", metavar="TEXT", help="What the answer says instead, with marks such as [1] that `show` tells."),
    ] = "",
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The same, from a file.")] = None,
    cite: Annotated[
        list[str] | None,
        typer.Option("--cite", metavar="N=PASSAGE", help="[N] refers to this passage; `show --find` tells its id."),
    ] = None,
    reason: Reason = None,
    note: Note = "",
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Write what the answer says instead."""
    from firmground.app.reviewing import acting

    del debug
    said = text if file is None else _read(file)
    _do(acting.edit, directory, person, item, revision, as_json, text=said, cites=_cites(cite or []), reason=reason, note=note)


@group.command()
def reject(
    item: Item,
    reason: Reason = None,
    note: Note = "",
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Whoever asked gets no answer, but your note. Needs a reason."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.reject, directory, person, item, revision, as_json, reason=reason, note=note)


@group.command()
def flag(
    item: Item,
    reason: Reason = None,
    note: Note = "",
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Something is odd: owners are told, and it becomes more urgent. Needs a reason."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.flag, directory, person, item, revision, as_json, reason=reason, note=note)


@group.command()
def escalate(
    item: Item,
    to: Annotated[str, typer.Option("--to", metavar="ROLE", help="reviewer, admin or owner.")] = "admin",
    reason: Reason = None,
    note: Note = "",
    revision: Revision = None,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Let somebody of that role decide, or who may do more."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.escalate, directory, person, item, revision, as_json, to=to, reason=reason, note=note)


@group.command("give-back")
def give_back(
    item: Item,
    note: Note = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Let go of an item that you have, for others to take."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.give_back, directory, person, item, None, as_json, note=note)


@group.command()
def pause(
    item: Item,
    reason: Reason = None,
    note: Note = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """It waits for something else: until it goes on, its deadline moves."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.pause, directory, person, item, None, as_json, reason=reason, note=note)


@group.command()
def resume(
    item: Item,
    note: Note = "",
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """It goes on."""
    from firmground.app.reviewing import acting

    del debug
    _do(acting.resume, directory, person, item, None, as_json, note=note)


def _do(
    use: "Callable[..., ReviewItem]",
    directory: Path | None,
    person: str | None,
    reference: str,
    revision: int | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Call a use case on an item as it stands, or as it stood at a revision, and tell how it stands then."""
    from firmground.app.reviewing.queue import item_told

    with opened(directory) as app:
        now = _latest(app, reference) if revision is None else revision
        made = use(app, actor(app, person), reference, revision=now, **said)
    if as_json:
        print_json(item_told(made).model_dump(mode="json"))
    else:
        say(_told(made))


def _latest(app: "App", reference: str) -> int:
    """Whether it is theirs to see, the use case asks."""
    with app.database.reading() as tx:
        return tx.find_item(reference).revision


def _told(item: "ReviewItem") -> str:
    if item.state == "done":
        return f"{item.id} is done: {item.outcome}"
    held = f"held by {item.holder} until {item.lease_until:%Y-%m-%d %H:%M} UTC" if item.holder and item.lease_until else "free"
    paused = ", paused" if item.paused_at else ""
    said = f", {len(item.decided_by)} of {item.needed} decided" if item.decided_by and not item.blind else ""
    return (
        f"{item.id} waits for the role {item.role}: {item.priority}, due {item.due_at:%Y-%m-%d %H:%M} UTC, {held}{paused}{said}"
    )


def _show(found: "Shown", *, full: bool) -> None:
    from firmground.types import Passage

    say(_told(found.item))
    say(
        f"revision {found.item.revision}; because: {'; '.join(each.name or each.text or each.kind for each in found.item.causes)}"
    )
    say(f"> {one_line(found.trace.answer.question)}")
    say(found.draft.text)
    evidence = [each for each in found.trace.evidence if isinstance(each, Passage)]
    for citation in found.draft.citations:
        say(f"  [{citation.n}] {citation.uri}: {one_line(_around(citation, evidence))}")
    numbers = {each.passage.passage: f"[{each.n}] " for each in found.others}
    for passage in evidence:
        if full or passage.passage in numbers:
            text = one_line(passage.text)
            say(f"  evidence {numbers.get(passage.passage, '')}{passage.uri}: {text if full else _beginning(text)}")
    for act in found.acts:
        why = f" ({act.reason})" if act.reason else ""
        note = f": {one_line(act.note)}" if act.note else ""
        who = f"{act.person} " if act.person else "" if act.act == "open" else "the clock "
        say(f"  {act.at:%Y-%m-%d %H:%M} {who}{act.act}{why}{note}")
    for each in found.similar:
        say(f"  similar: {one_line(each.question)} - {each.outcome}")


def _around(citation: "Citation", evidence: "Sequence[Passage]") -> str:
    """The quote, marked, with the words before and after it."""
    quote = f"\u201c{citation.snippet}\u201d"
    for passage in evidence:
        at = citation.locator.start - passage.locator.start
        if (
            passage.document == citation.document
            and passage.text[at : at + len(citation.snippet)] == citation.snippet
            and at >= 0
        ):
            before, after = passage.text[:at], passage.text[at + len(citation.snippet) :]
            first = before if len(before) <= _AROUND else f"…{before[-_AROUND:].partition(' ')[2]}"
            last = after if len(after) <= _AROUND else f"{after[:_AROUND].rpartition(' ')[0]}…"
            return f"{first}{quote}{last}"
    return quote


def _beginning(text: str) -> str:
    return text if len(text) <= _AROUND else f"{text[:_AROUND].rpartition(' ')[0]}…"


def _cites(given: list[str]) -> dict[int, str]:
    from firmground.errors import InvalidInput

    found: dict[int, str] = {}
    for each in given:
        n, equals, passage = each.partition("=")
        if not (equals and passage and n.isascii() and n.isdecimal() and len(n) < 5):
            raise InvalidInput(f"{each[:40]!r} is not N=PASSAGE", "write for example 9=0f3a…")
        found[int(n)] = passage
    return found


def _read(file: Path) -> str:
    from firmground.errors import InvalidInput

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"cannot read {file} ({why})", "check its path") from None
