"""What other rules would do to the answers that were given last: told from what is kept of them, asking nothing again."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from pydantic import Field

from firmground.app.access.names import EVALUATION
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching.releases import CANDIDATE, LIVE, named
from firmground.app.reviewing.lots import Lots, lots
from firmground.errors import InvalidInput
from firmground.groups import EVERYONE, PUBLIC
from firmground.language.globs import compile_globs
from firmground.ports import Transaction
from firmground.review.rules import HELD, Known, Rules, mismatched
from firmground.serve.sending import known_of
from firmground.settings import load_settings
from firmground.types import Actor, Routed, RuleOutcome, Trace, Value

MOST = 10_000
_SHOWN = 200
_LOT = 1000
_JUDGED = 500
"""Items decided last, from which it is told how long one takes."""
_MINUTES = 5.0
"""For one answer, as long as nobody decided about any."""
_OUTCOMES: tuple[RuleOutcome, ...] = ("send", "warn", "hold", "hold_for_two", "escalate", "block")
_DECIDES = frozenset({"approve", "edit", "reject"})


class Change(Value):
    """An answer that would fare otherwise."""

    answer: str = Field(description="Its id.")
    at: datetime
    question: str = Field(description="As it is kept, with placeholders for personal data.")
    before: RuleOutcome
    after: RuleOutcome
    rules: tuple[str, ...] = Field(description="The rules that decide it, by name: of those that are looked at.")


class Firing(Value):
    """How often a rule fires; one that never does may be written otherwise than it was meant."""

    name: str
    then: RuleOutcome
    answers: int


class Preview(Value):
    """What rules would do to the answers that were given last, compared with what other rules do."""

    rules: str = Field(description="Whose rules these are: candidate, a release, or a file.")
    against: str = Field(description="Whose rules they are compared with.")
    answers: int = Field(description="How many were looked at.")
    left_out: int = Field(description="Of the last ones, refused before any rule, or of which something was erased.")
    since: datetime | None = Field(description="When the oldest of them was given.")
    before: dict[RuleOutcome, int]
    after: dict[RuleOutcome, int]
    looks_before: int = Field(description="Times that a person looks at one, those chosen by chance included.")
    looks_after: int
    minutes_each: float = Field(description="That a person takes for one.")
    measured: bool = Field(description="Whether that was measured here; else it is assumed.")
    firing: tuple[Firing, ...]
    changed: int
    changes: tuple[Change, ...] = Field(description=f"Newest first; {_SHOWN} at most.")
    notes: tuple[str, ...] = Field(description="What of these rules may be written otherwise than it was meant.")

    @property
    def hours(self) -> float:
        """Of work that the rules add; less than nothing where they save some."""
        return (self.looks_after - self.looks_before) * self.minutes_each / 60


def preview(
    app: App, actor: Actor, *, rules: str = CANDIDATE, against: str = LIVE, file: Path | None = None, limit: int = 1000
) -> Preview:
    """What the rules of a release (`rules`), or of a file, would have done to the last `limit` answers that were kept, and what those of
    another (`against`) do to the same. Chance falls as it does when the question is asked. For administrators; InvalidSettings for a
    file that cannot be read."""
    need(actor, "releases", "see what rules would do")
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"{limit} is no number of answers to look at", f"use 1 to {MOST}")
    drawn = lots(app)
    with app.database.reading() as tx:
        old, new = named(app, tx, against), named(app, tx, rules)
        wanted = new.review if file is None else Rules.of(load_settings(file, {}).review)
        minutes = _minutes(tx)
        notes = oddities(tx, wanted)
        compared = Compared(old.review, old.digest, wanted, new.digest, drawn)
        for trace in _last(tx, limit):
            compared.look(trace)
    return compared.told(rules if file is None else str(file), against, minutes, notes)


def oddities(tx: Transaction, rules: Rules) -> tuple[str, ...]:
    """What of these rules may be written otherwise than it was meant: they name groups or documents that there are not."""
    return (*_unknown_groups(tx, rules), *_unmet_globs(tx, rules))


class Compared:
    """Two sets of rules, applied to one answer after the other."""

    def __init__(self, old: Rules, old_release: str, new: Rules, new_release: str, drawn: Lots) -> None:
        self._old, self._old_release = old, old_release
        self._new, self._new_release = new, new_release
        self._drawn = drawn
        self._personal = any(rule.personal_data for rule in (*old.rules, *new.rules))
        self._left_out = 0
        self._routed: list[tuple[Routed, Routed]] = []
        self._changes: list[Change] = []
        self._since: datetime | None = None
        self._changed = 0

    def look(self, trace: Trace) -> None:
        answer = trace.answer
        self._since = min(self._since or answer.created_at, answer.created_at)
        if trace.erased or (answer.status == "blocked" and trace.routed is None):
            self._left_out += 1
            return
        drawn = self._drawn.of(trace.person, answer.question)
        known = known_of(trace, drawn, _personal(trace) if self._personal else False)
        before = _outcome(self._old, self._old_release, known, trace)
        after = _outcome(self._new, self._new_release, known, trace)
        self._routed.append((before, after))
        if before.outcome == after.outcome:
            return
        self._changed += 1
        if len(self._changes) < _SHOWN:
            names = tuple(cause.name or cause.kind for cause in after.causes)
            self._changes.append(
                Change(
                    answer=answer.id,
                    at=answer.created_at,
                    question=answer.question,
                    before=before.outcome,
                    after=after.outcome,
                    rules=names,
                )
            )

    def told(self, rules: str, against: str, minutes: float | None, notes: Sequence[str] = ()) -> Preview:
        before, after = ([each[at] for each in self._routed] for at in (0, 1))
        fired = Counter(cause.name for each in after for cause in each.causes if cause.kind == "rule")
        return Preview(
            rules=rules,
            against=against,
            answers=len(self._routed),
            left_out=self._left_out,
            since=self._since,
            before=_counted(before),
            after=_counted(after),
            looks_before=sum(map(_looks, before)),
            looks_after=sum(map(_looks, after)),
            minutes_each=minutes if minutes is not None else _MINUTES,
            measured=minutes is not None,
            firing=tuple(Firing(name=each.name, then=each.then, answers=fired[each.name]) for each in self._new.rules),
            changed=self._changed,
            changes=tuple(self._changes),
            notes=tuple(notes),
        )


def _outcome(rules: Rules, release: str, known: Known, trace: Trace) -> Routed:
    routed = rules.routed(known, release)
    mismatch = any(cause.kind == "mismatch" for cause in (trace.routed.causes if trace.routed else ()))
    return mismatched(routed) if mismatch else routed


def _personal(trace: Trace) -> bool | None:
    """What was found when it was looked for; None where nobody looked."""
    found = next((step.detail.get("personal_data") for step in trace.steps if step.name == "review"), None)
    return found if isinstance(found, bool) else None


def _counted(routed: Iterable[Routed]) -> dict[RuleOutcome, int]:
    found = Counter(each.outcome for each in routed)
    return {outcome: found[outcome] for outcome in _OUTCOMES}


def _looks(routed: Routed) -> int:
    return 2 if routed.outcome == "hold_for_two" else int(routed.outcome in HELD or routed.sampled)


def _last(tx: Transaction, limit: int) -> Iterator[Trace]:
    before = ""
    while limit > 0:
        found = tx.traces(but=EVALUATION, before=before, limit=min(limit, _LOT))
        yield from found
        if not found:
            return
        limit, before = limit - len(found), found[-1].answer.id


def _minutes(tx: Transaction) -> float | None:
    """What people took lately from taking an item to deciding it; None where nobody decided."""
    acts = tx.acts([each.id for each in tx.items(state="done", limit=_JUDGED)])
    took = [
        (decided.at - taken.at).total_seconds() / 60
        for of_item in acts.values()
        for taken, decided in pairwise(of_item)
        if taken.act == "claim" and decided.act in _DECIDES and taken.person == decided.person
    ]
    return round(median(took), 2) if took else None


def _unknown_groups(tx: Transaction, rules: Rules) -> Iterator[str]:
    wanted = {group: rule.name for rule in rules.rules for group in rule.groups}
    known = {PUBLIC, EVERYONE, *(name for name, _ in tx.groups_page())} if wanted else set[str]()
    for group in sorted(wanted.keys() - known):
        yield f"the rule {wanted[group]!r} names the group {group!r}, which there is not"


def _unmet_globs(tx: Transaction, rules: Rules) -> Iterator[str]:
    left = {glob: (rule.name, compile_globs([glob])) for rule in rules.rules for glob in rule.sources}
    after = ""
    while left and (found := tx.documents(after=after, limit=_LOT)):
        addresses = [f"{each.source}/{each.uri}" for each in found]
        left = {glob: (name, shape) for glob, (name, shape) in left.items() if not any(map(shape.fullmatch, addresses))}
        after = addresses[-1]
    for glob, (name, _) in left.items():
        yield f"no document fits {glob!r} of the rule {name!r}"
