"""What the asker is told of people who look at an answer: that they do, by when, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from firmground.app.reviewing.outcome import NOTE, REJECTED, WITHDRAWN
from firmground.language.catalogue import LANGUAGES, translated
from firmground.types import Answer
from firmground.web.language import _, moment
from firmground.web.when import due


@dataclass(frozen=True)
class Checking:
    """How far people are with an answer. `mark` changes whenever that does; while it `moves`, a page looks again now and then."""

    state: str
    title: str
    text: str
    style: str
    mark: str
    moves: bool = False
    notes: tuple[str, ...] = ()
    """What those who decided wrote to whoever asked."""


def checking(answer: Answer, now: datetime) -> Checking | None:
    """None where no person was asked."""
    told = answer.review
    if told is None:
        return None
    state = told.get("state", "waiting")
    known = {
        "approved": (_("A person looked at this and found it right"), "good"),
        "edited": (_("A person looked at this and corrected it"), "good"),
        "rejected": (_("A person looked at this and rejected it"), "stop"),
        "withdrawn": (_("No person looks at this any more"), "none"),
    }
    if state in known:
        title, style = known[state]
        notes = tuple(each.text for each in answer.notices if each.code == NOTE)
        return Checking(state, title, _ended(told, state), style, mark(answer), notes=notes)
    if answer.status == "draft":
        title = _("A person is checking this")
        text = _("You read the answer here as soon as they have decided.")
    else:
        title = _("A person looks at this answer")
        text = _("You read here what they say of it.")
    return Checking(state, title, f"{text} {_expected(told, now)}".strip(), "fair", mark(answer), moves=True)


def as_read(answer: Answer) -> Answer:
    """Without the words that the page itself says of what people do with it, in the language of the request: what somebody wrote stays."""
    state = (answer.review or {}).get("state", "")
    if answer.status == "draft" and state:
        return answer.model_copy(update={"text": ""})
    for ours in (translated(each, language) for each in (REJECTED, WITHDRAWN) for language in LANGUAGES):
        if state and answer.text.startswith(ours):
            return answer.model_copy(update={"text": answer.text.removeprefix(ours).strip()})
    return answer


def mark(answer: Answer) -> str:
    """How it stands, in a word that programs compare."""
    told = answer.review or {}
    state = told.get("state", "")
    return f"{answer.status} {'looking' if state in {'waiting', 'claimed'} else state} {told.get('decided_at', '')}".strip()


def _expected(told: dict[str, str], now: datetime) -> str:
    if not told.get("due_at"):
        return ""
    at = datetime.fromisoformat(told["due_at"])
    when = due(at, now)
    if when.late:
        return _("It was expected by %(moment)s; whoever reviews here knows that you wait.", moment=moment(at))
    return _("Expected by %(moment)s (%(due)s).", moment=moment(at), due=when.words)


def _ended(told: dict[str, str], state: str) -> str:
    if state == "withdrawn":
        return _("You took your wish back, or nobody needs to any more.")
    parts = (
        [_("By %(role)s, %(moment)s.", role=_role(told.get("role", "")), moment=moment(told["decided_at"]))]
        if told.get("decided_at")
        else []
    )
    return " ".join(parts)


def _role(role: str) -> str:
    """Who it was, without a name."""
    known = {"owner": _("an owner"), "admin": _("an administrator")}
    return known.get(role, _("a reviewer"))
