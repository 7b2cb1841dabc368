"""Which forms are looked for, and which of those that overlap count."""

import re
from collections.abc import Iterator

from firmground.guard.personal.accounts import cards, ibans
from firmground.guard.personal.birthdays import births
from firmground.guard.personal.contacts import REGIONS, addresses, emails, phones
from firmground.guard.personal.credentials import secrets
from firmground.guard.personal.identity import national_ids
from firmground.guard.personal.own import own
from firmground.guard.personal.people import names
from firmground.guard.personal.postal import postal
from firmground.guard.personal.reading import Found, Reading
from firmground.guard.redaction import PLACEHOLDER
from firmground.settings_guard import GuardSection
from firmground.types import Span, Value, digest

_VERSION = 4
"""Of the forms: another one finds other things."""
_LONE = re.compile("[\ud800-\udfff]")
_LONGEST_PLACEHOLDER = 43

FORMS = {
    "secret": secrets,
    "email": emails,
    "iban": ibans,
    "card": cards,
    "ip": addresses,
    "national_id": national_ids,
    "birth_date": births,
    "name": names,
    "address": postal,
}
_UNSURE = frozenset({"name", "address"})
"""Only form tells little of these: they are looked for where somebody asks for them."""


class Detector(Value):
    """Finds personal data by form. Its fields are its settings."""

    kinds: tuple[str, ...] = ()
    """Those that count; all but names and addresses when empty. Those of `patterns` always do."""
    patterns: tuple[tuple[str, str, float], ...] = ()
    """Forms of the team's own: kind, regular expression of RE2, score."""
    regions: tuple[str, ...] = REGIONS
    """Where phone numbers without a country code may belong, ISO 3166."""

    @property
    def id(self) -> str:
        return digest([_VERSION, list(self.kinds), [list(each) for each in self.patterns], list(self.regions)])[:12]

    @classmethod
    def of(cls, guard: GuardSection) -> "Detector":
        """As the workspace wants it."""
        return cls(
            kinds=guard.kinds,
            patterns=tuple((own.kind, own.pattern, own.score) for own in guard.patterns),
            regions=guard.phone_regions or REGIONS,
        )

    def find(self, text: str) -> list[Span]:
        """Kinds: `email`, `phone`, `iban`, `card`, `ip`, `secret`, `national_id`, `birth_date`, `name`, `address` and those of `patterns`.
        Where two forms overlap, the surer one counts. What looks like a placeholder is never personal data."""
        reading = Reading(text)
        found = sorted(self._found(reading), key=lambda each: (-each.score, each.start - each.end, each.start, each.kind))
        taken = bytearray(len(reading.text))
        spans: list[Span] = []
        for each in found:
            if taken.find(1, each.start, each.end) < 0 and not _in_placeholder(reading.text, each):
                taken[each.start : each.end] = b"\1" * (each.end - each.start)
                start, end = reading.place(each.start, each.end)
                spans.append(Span(kind=each.kind, start=start, end=end, score=each.score))
        return sorted(spans, key=lambda span: span.start)

    def _found(self, reading: Reading) -> Iterator[Found]:
        for kind, looked in FORMS.items():
            if kind in self.kinds or not (self.kinds or kind in _UNSURE):
                yield from looked(reading)
        if not self.kinds or "phone" in self.kinds:
            yield from phones(reading, self.regions)
        yield from own(_LONE.sub("\ufffd", reading.text), self.patterns)


def personal_data(text: str) -> list[Span]:
    """What a detector without settings finds."""
    return _PLAIN.find(text)


def _in_placeholder(text: str, found: Found) -> bool:
    start = max(0, found.start - _LONGEST_PLACEHOLDER)
    around = PLACEHOLDER.finditer(text, start, found.end + _LONGEST_PLACEHOLDER)
    return any(match.start() < found.end and found.start < match.end() for match in around)


_PLAIN = Detector()
