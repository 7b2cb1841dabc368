"""Which answers go out, and which people look at first: the rules of a release, and what they make of an answer.

A rule fires where all conditions that it names hold. Of all that fire, the strictest outcome counts: block, then two people, then one
person, then a warning. What chance decides is drawn from a lot that question and person have (`app.reviewing.lots`), the rule's name and
the recipe, so that a question fares the same whenever it is asked again, and whoever asks can neither choose nor foresee it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final, Self, get_args

from firmground.errors import InvalidSettings
from firmground.language.globs import compile_globs
from firmground.language.phrases import is_empty, says
from firmground.rights import ROLES, Role
from firmground.settings_review import ReviewSection
from firmground.types import AnswerStatus, Cause, Routed, RuleOutcome, Value

STATUSES: Final = frozenset[AnswerStatus](get_args(AnswerStatus))
_STRICTNESS: Mapping[RuleOutcome, int] = {"send": 0, "warn": 1, "hold": 2, "escalate": 3, "hold_for_two": 4, "block": 5}
HELD: frozenset[RuleOutcome] = frozenset({"hold", "escalate", "hold_for_two"})
"""The asker waits."""
_SAMPLED: frozenset[AnswerStatus] = frozenset({"answered", "weak"})
MISMATCH = Cause(kind="mismatch", text="the passages that it cites do not bear out all of what a model wrote")


@dataclass(frozen=True)
class Known:
    """What is known of an answer so far."""

    drawn: str
    """What chance is drawn from: the lot of question and person."""
    question: str
    """As it was searched."""
    language: str = ""
    groups: Collection[str] = ()
    asks_for: str = ""
    """The kind of answer that the question wants; empty: any."""
    statuses: frozenset[AnswerStatus] = STATUSES
    """Those that it may still have."""
    confidence: float | None = None
    """None here and below: not known yet."""
    personal_data: bool | None = None
    mismatch: bool | None = None
    near: Sequence[str] | None = None
    """Addresses (`source/path`) of the documents that it may rest on."""
    rests_on: Sequence[str] | None = None
    """Of those that it cites."""


class Rule(Value):
    """One rule, as `settings_review.RuleSection` describes it."""

    name: str
    then: RuleOutcome
    confidence_below: float | None = None
    statuses: tuple[AnswerStatus, ...] = ()
    mismatch: bool = False
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    personal_data: bool = False
    asks_for: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    share: float = 1.0
    to: Role = "reviewer"
    text: str = ""

    @property
    def stops(self) -> bool:
        """Whether the asker reads no answer where it fires."""
        return self.then in HELD or self.then == "block"

    def fires(self, known: Known, release: str) -> bool | None:
        """None where that depends on what is not known yet."""
        if not _chosen(self.share, release, self.name, known.drawn):
            return False
        found = [holds for _, holds in self._conditions(known)]
        return False if False in found else None if None in found else True

    def cause(self, known: Known) -> Cause:
        """Why it fired."""
        said = [text for text, _ in self._conditions(known)] or ["every answer"]
        by_chance = [f"chosen by chance ({self.share:.3g} of them)"] if self.share < 1 else []
        return Cause(kind="rule", name=self.name, text="; ".join((*said, *by_chance)))

    def _conditions(self, known: Known) -> Iterator[tuple[str, bool | None]]:
        """Those that it names, what is cheap to tell first."""
        if self.groups:
            yield "the asker's group", not set(self.groups).isdisjoint(known.groups)
        if self.asks_for:
            yield "the kind of answer that the question wants", known.asks_for in self.asks_for
        if self.statuses:
            open_ = known.statuses.intersection(self.statuses)
            yield "the state of the answer", None if open_ and open_ != known.statuses else bool(open_)
        if self.confidence_below is not None:
            low = None if known.confidence is None else not known.confidence >= self.confidence_below
            yield f"the confidence is below {self.confidence_below:g}", low
        if self.mismatch:
            yield "sentences that are not borne out, or documents that contradict each other", known.mismatch
        if self.personal_data:
            yield "personal data", known.personal_data
        if self.sources:
            yield "a document that it rests on", self._rests(known)
        if self.topics:
            yield "the topic of the question", says(known.question, known.language, self.topics)

    def _rests(self, known: Known) -> bool | None:
        covered = _globs(self.sources).fullmatch
        if known.rests_on is not None:
            return any(map(covered, known.rests_on))
        return None if known.near is None or any(map(covered, known.near)) else False


class Rules(Value):
    """Of a release."""

    rules: tuple[Rule, ...] = ()
    sample: float = 0.0
    """Share of the answers sent that people look at afterwards."""

    @classmethod
    def of(cls, section: ReviewSection) -> Self:
        """As the settings say. InvalidSettings where a rule could never fire, whatever was asked."""
        made = cls(
            rules=tuple(Rule.model_validate(each.model_dump(mode="json")) for each in section.rules), sample=section.sample
        )
        for rule in made.rules:
            _globs(rule.sources)
            if empty := [topic for topic in rule.topics if is_empty(topic)]:
                raise InvalidSettings(
                    f"the rule {rule.name!r} has the topic {empty[0]!r}, which is nothing to look for",
                    "name what the question is about, e.g. dismissal",
                )
        return made

    def __bool__(self) -> bool:
        return bool(self.rules or self.sample)

    def blocks(self, known: Known, release: str) -> Routed | None:
        """That no answer is made, as soon as that is certain."""
        fired = [rule for rule in self.rules if rule.then == "block" and rule.fires(known, release)]
        return Routed(outcome="block", causes=tuple(rule.cause(known) for rule in fired)) if fired else None

    def may_stop(self, known: Known, release: str) -> bool:
        """Whether the asker may turn out to read no answer: until it is certain that they do, they hear nothing of it."""
        return any(rule.stops and rule.fires(known, release) is not False for rule in self.rules)

    def routed(self, known: Known, release: str, *, approved: bool = False) -> Routed:
        """What becomes of an answer of which all is known. `approved`: a person said yes to it before, so none is asked again."""
        rules = [rule for rule in self.rules if rule.then not in HELD] if approved else self.rules
        fired = [rule for rule in rules if rule.fires(known, release)]
        outcome: RuleOutcome = max([rule.then for rule in fired], key=lambda then: _STRICTNESS[then]) if fired else "send"
        sent = outcome in {"send", "warn"} and not approved and known.statuses <= _SAMPLED
        sampled = sent and _chosen(self.sample, release, "", known.drawn)
        return Routed(
            outcome=outcome,
            causes=tuple(rule.cause(known) for rule in fired),
            role=_highest([rule.to for rule in fired if rule.then in HELD]) if outcome in HELD else None,
            warning="\n".join(dict.fromkeys(rule.text for rule in fired if rule.then == "warn")),
            sampled=sampled,
        )

    def refusal(self, routed: Routed) -> str:
        """What the asker reads of an answer that is blocked."""
        names = {cause.name for cause in routed.causes}
        return next((rule.text for rule in self.rules if rule.then == "block" and rule.name in names), "")


def mismatched(routed: Routed) -> Routed:
    """The same for an answer that is held since not all of it holds."""
    update: dict[str, object] = {"causes": (MISMATCH, *routed.causes), "sampled": False}
    if _STRICTNESS[routed.outcome] < _STRICTNESS["hold"]:
        update |= {"outcome": "hold", "role": "reviewer"}
    return routed.model_copy(update=update)


def _highest(roles: Sequence[Role]) -> Role:
    return min(roles, key=ROLES.index)


def _chosen(share: float, *of: str) -> bool:
    if share >= 1 or share <= 0:
        return share >= 1
    drawn = sha256("\0".join(of).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(drawn[:8]) < share * 2**64


@lru_cache(maxsize=1024)
def _globs(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return compile_globs(patterns)
