"""What people promised of the product: its brief, its service level, and how its documents are governed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from firmground.gate.audit import Evidence, Ruling
from firmground.gate.brief import FIELDS, is_answered, missing, overdue
from firmground.gate.direction import HIGHER, LOWER
from firmground.gate.facts import Facts, SourceState
from firmground.gate.requirements.asked import Asked, counted, moment, percent, some, spell, too_old

_BRIEF = {"href": "/brief", "command": "firmground brief check"}
_WRITE = "write brief.toml, or fill it in on the page /brief"


class BriefComplete(Asked):
    """That every question of the brief is answered by somebody here, and that its first review is still to come."""

    name: ClassVar[str] = "brief"

    @property
    def asks(self) -> str:
        return "Every question of the brief is answered, and its first review is still to come."

    def rule(self, facts: Facts) -> Ruling:
        if facts.brief is None:
            return self.ruling(facts, "not_measured", facts.brief_problem or "there is no brief", remedy=_WRITE)
        gaps = [each.field for each in missing(facts.brief)]
        answered = sum(is_answered(facts.brief, field) for field in FIELDS)
        due = facts.brief.first_review
        evidence = [
            Evidence(label="answered", value=f"{answered} of {len(FIELDS)}", **_BRIEF),
            Evidence(label="missing", value=", ".join(gaps) or "none", **_BRIEF),
            Evidence(label="first review", value=due.isoformat() if due else "none", **_BRIEF),
        ]
        late = overdue(facts.brief, facts.now.date())
        if gaps:
            said = "it is the brief of the sample" if gaps == ["sample"] else f"missing: {some(gaps)}"
            return self.ruling(facts, "fail", said, evidence, remedy=_WRITE)
        if late:
            return self.ruling(
                facts, "fail", late.partition(":")[0], evidence, remedy="hold the review and write the day of the next"
            )
        return self.ruling(facts, "pass", f"all {len(FIELDS)} questions are answered", evidence)


class ServiceLevel(Asked):
    """That somebody promised how well the service works, answers for it, and hears of a breach."""

    name: ClassVar[str] = "sla"
    owned_by: ClassVar[str] = "sla.owner"

    @property
    def asks(self) -> str:
        return "The brief says what is promised of the service, who answers for it, and how they hear of a breach."

    def rule(self, facts: Facts) -> Ruling:
        if facts.brief is None:
            return self.ruling(facts, "not_measured", facts.brief_problem or "there is no brief", remedy=_WRITE)
        sla = facts.brief.sla
        values = {name: str(getattr(sla, name) or "") for name in type(sla).model_fields}
        evidence = [Evidence(label=name, value=value or "none", **_BRIEF) for name, value in values.items()]
        gaps = [f"sla.{name}" for name in values if not is_answered(facts.brief, f"sla.{name}")]
        if gaps:
            return self.ruling(facts, "fail", f"missing: {', '.join(gaps)}", evidence, remedy="fill in [sla] of the brief")
        if facts.brief.sample:
            said = "it is the promise of the sample, for which nobody answers"
            return self.ruling(facts, "fail", said, evidence, remedy=_WRITE)
        return self.ruling(facts, "pass", f"{sla.owner} answers for it and hears of a breach by {sla.alert_route}", evidence)


class Governance(Asked):
    """That every source has an owner and was synced lately, that few of its documents failed or are old, and that the tests of governed
    data pass."""

    name: ClassVar[str] = "governance"
    synced_within_hours: Annotated[float, LOWER] = Field(
        default=168.0,
        gt=0,
        description="How old the last sync of a source may be, where firmground.toml asks for nothing stricter.",
    )
    failed_at_most: Annotated[float, LOWER] = Field(
        default=0.05, ge=0, le=1, description="Share of a source's documents that may have failed."
    )
    stale_at_most: Annotated[float, LOWER] = Field(
        default=0.2, ge=0, le=1, description="Share of a source's documents that may be stale."
    )
    owners: Annotated[bool, HIGHER] = Field(default=True, description="Whether every source needs an owner.")

    @property
    def asks(self) -> str:
        owner = "has an owner, " if self.owners else ""
        bounds = f"at most {percent(self.failed_at_most)} of its documents failed and {percent(self.stale_at_most)} stale"
        return f"Every source {owner}was synced in time, has {bounds}, and passes its tests."

    def rule(self, facts: Facts) -> Ruling:
        if not facts.sources:
            return self.ruling(facts, "not_measured", "there is no source", remedy="add one under [[sources]] and sync it")
        evidence = [
            Evidence(label=each.name, value=_told(each), href="/documents", command="firmground status") for each in facts.sources
        ]
        unknown = [f"{each.name} was never synced" for each in facts.sources if each.synced_at is None]
        wrong = [f"{each.name} {why}" for each in facts.sources for why in self._wrong(facts, each)]
        said = "; ".join([*wrong, *unknown])
        if wrong:
            remedy = "name owners under [[sources]], sync, and act on the quality report"
            return self.ruling(facts, "fail", said, evidence, remedy=remedy)
        if unknown:
            return self.ruling(facts, "not_measured", said, evidence, remedy="run `firmground sync`")
        return self.ruling(facts, "pass", f"{counted(len(facts.sources), 'source')} in order", evidence)

    def _wrong(self, facts: Facts, source: SourceState) -> Iterator[str]:
        if self.owners and not source.owner.strip():
            yield "has no owner"
        hours = min(self.synced_within_hours, source.fresh_within_hours or self.synced_within_hours)
        late = too_old(facts.now, source.synced_at, timedelta(hours=hours)) if source.synced_at else ""
        if late:
            yield f"was not synced in time: {late}"
        if not source.documents:
            yield "holds no document"
        for what, count, most in (("failed", source.failed, self.failed_at_most), ("stale", source.stale, self.stale_at_most)):
            share = count / source.documents if source.documents else 0.0
            if share > most:
                yield f"has {percent(share)} of its documents {what}"
        failing = sorted(name for name, passed in source.tests.items() if not passed)
        if failing:
            yield f"fails the tests: {some(failing)}"


def _told(source: SourceState) -> str:
    synced = f"synced {moment(source.synced_at)}" if source.synced_at else "never synced"
    failing = sorted(name for name, passed in source.tests.items() if not passed)
    fails = f" (fails {some(failing)})" if failing else ""
    tests = f", {sum(source.tests.values())} of {counted(len(source.tests), 'test')} passed{fails}" if source.tests else ""
    counts = f"{counted(source.documents, 'document')}, {source.failed:,} failed, {source.stale:,} stale{tests}"
    return f"owner {source.owner or 'none'}, {synced} (may be {_freshness(source)}), {counts}"


def _freshness(source: SourceState) -> str:
    return spell(timedelta(hours=source.fresh_within_hours)) if source.fresh_within_hours else "as old as the policy says"
