"""`[review]`: which answers people look at before they are sent, who does, and when."""

import re
from datetime import UTC, date, tzinfo
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from firmground.rights import GRANTS, Role
from firmground.section import RECIPE, SETTING, Section

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


_DUE: dict[str, float] = {"urgent": 2, "high": 4, "normal": 8, "low": 40}
_MOST_HOURS = 10_000


class RuleSection(Section):
    """One rule: it fires where all conditions that it names hold. Of all that fire, the strictest outcome counts."""

    name: Annotated[str, RECIPE] = Field(
        min_length=1, max_length=80, description="What it is called where it is told why a person looks."
    )
    then: Annotated[Literal["send", "warn", "hold", "hold_for_two", "block", "escalate"], RECIPE] = Field(
        description="send; warn (send with `text`); hold until a person approves, or until two do; block (with `text`, no answer is"
        " made); or escalate (hold for the role `to`)."
    )
    confidence_below: Annotated[float | None, RECIPE] = Field(None, ge=0, le=1, description="The answer's confidence is lower.")
    statuses: Annotated[tuple[Literal["answered", "weak", "clarify", "abstained", "out_of_scope"], ...], RECIPE] = Field(
        (), description="The answer has one of these states."
    )
    mismatch: Annotated[bool, RECIPE] = Field(
        False, description="A sentence was left out since its passages do not bear it out, or documents contradict each other."
    )
    topics: Annotated[tuple[str, ...], RECIPE] = Field(
        (), max_length=200, description="Words or phrases of which the question, as it was searched, holds one."
    )
    sources: Annotated[tuple[str, ...], RECIPE] = Field(
        (), max_length=200, description="Globs over `source/path`; the answer rests on a document that fits one."
    )
    personal_data: Annotated[bool, RECIPE] = Field(False, description="Question, answer or evidence holds personal data.")
    asks_for: Annotated[
        tuple[Literal["duration", "number", "date", "person", "place", "reason", "procedure", "definition", "decision"], ...],
        RECIPE,
    ] = Field((), description="What kind of answer the question wants.")
    groups: Annotated[tuple[str, ...], RECIPE] = Field((), description="The asker is in one of these groups.")
    share: Annotated[float, RECIPE] = Field(1.0, gt=0, le=1, description="Share of the answers that fit, chosen by chance.")
    to: Annotated[Role, RECIPE] = Field("reviewer", description="The role that looks at it.")
    text: Annotated[str, RECIPE] = Field("", max_length=1000, description="What the asker reads, of warn and block.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.name.isprintable() or not self.name.strip():
            raise ValueError("the name of a rule is one line of letters, e.g. pay")
        if self.then in {"warn", "block"} and not self.text.strip():
            raise ValueError(f"the rule {self.name!r} says {self.then} without a text; add text: what the asker reads")
        if self.to not in GRANTS["review"]:
            able = ", ".join(sorted(GRANTS["review"]))
            raise ValueError(f"the rule {self.name!r} is for the role {self.to}, who may not review; use one of {able}")
        return self


class CalendarSection(Section):
    """When people work: deadlines are counted in these hours."""

    timezone: Annotated[str, SETTING] = Field("UTC", description="IANA name, e.g. Europe/Berlin.")
    hours: Annotated[dict[str, str], SETTING] = Field(
        dict.fromkeys(_DAYS[:5], "09:00-17:00"), description="By day (mon … sun), e.g. 09:00-17:00; days without are free."
    )
    holidays: Annotated[tuple[str, ...], SETTING] = Field((), max_length=2000, description="Free days, e.g. 2026-12-25.")

    @field_validator("hours")
    @classmethod
    def _some(cls, hours: dict[str, str]) -> dict[str, str]:
        if unknown := [day for day in hours if day not in _DAYS]:
            raise ValueError(f"{unknown[0]!r} is no day; use {', '.join(_DAYS)}")
        if wrong := [span for span in hours.values() if not _HOURS.fullmatch(span) or span[:5] >= span[6:]]:
            raise ValueError(f"{wrong[0]!r} are no hours; write them like 09:00-17:00")
        if not hours:
            raise ValueError("nobody ever works, so nothing would ever be due; name the hours of a day at least")
        return hours

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        zone_of(name)
        return name

    @field_validator("holidays")
    @classmethod
    def _days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        for day in days:
            try:
                read = date.fromisoformat(day)
            except ValueError:
                read = None
            if read is None or read.isoformat() != day:
                raise ValueError(f"{day!r} is no day; write it like 2026-12-25")
        return days


def zone_of(name: str) -> tzinfo:
    """ValueError where this machine knows no such zone."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"this machine knows no time zone {name!r}; use an IANA name such as Europe/Berlin") from None


class ReviewSection(Section):
    rules: Annotated[tuple[RuleSection, ...], RECIPE] = Field(
        (), max_length=100, description="Which answers go out, and which people look at first; without rules all go out."
    )
    sample: Annotated[float, RECIPE] = Field(
        0.0, ge=0, le=1, description="Share of the answers sent that people look at afterwards, chosen by chance."
    )
    due_hours: Annotated[dict[str, float], SETTING] = Field(
        _DUE,
        description="Working hours until an item is due, by priority: urgent, high, normal, low.",
    )
    lease_minutes: Annotated[float, SETTING] = Field(
        30, ge=1, le=1440, description="Whoever takes an item and does nothing for so long lets go of it."
    )
    escalate_hours: Annotated[float, SETTING] = Field(
        1, ge=0, le=1000, description="Working hours before it is due at which an item nobody has taken becomes more urgent."
    )
    double_share: Annotated[float, SETTING] = Field(
        0.0, ge=0, le=1, description="Share of the items that two people judge without seeing what the other said."
    )
    calendar: CalendarSection = CalendarSection.model_construct()

    @field_validator("due_hours")
    @classmethod
    def _all_of_them(cls, hours: dict[str, float]) -> dict[str, float]:
        if unknown := [name for name in hours if name not in _DUE]:
            raise ValueError(f"{unknown[0]!r} is no priority; use {', '.join(_DUE)}")
        if wrong := [name for name, each in hours.items() if not 0 < each <= _MOST_HOURS]:
            raise ValueError(f"{wrong[0]} is due in {hours[wrong[0]]} hours; use more than 0, and at most {_MOST_HOURS}")
        return {**_DUE, **hours}

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[RuleSection, ...]) -> tuple[RuleSection, ...]:
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rules are named {name!r}; every rule needs its own name")
        return rules
