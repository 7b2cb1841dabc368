"""What was tried out: each of these reads the record of an exercise, which must be recent, have tried something, and found nothing."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import HIGHER, LOWER, NEITHER
from firmground.gate.facts import IN_THE_CLEAR, Exercise, Facts
from firmground.gate.requirements.asked import Asked, counted, moment, some, spell, too_old


class Exercised(Asked):
    """That something was tried lately and held."""

    exercise: ClassVar[str]
    """Its name among the exercises."""
    what: ClassVar[str]
    """What must hold, as a sentence without its end."""
    how: ClassVar[str] = "firmground audit"
    """The command that tries it."""
    shown_at: ClassVar[str] = "/audits"
    mend: ClassVar[str] = "mend what it found"
    most_shown: ClassVar[int] = 20

    max_age_days: Annotated[float, LOWER] = Field(default=7.0, gt=0, description="How long ago it may have been tried.")
    least_tried: Annotated[int, HIGHER] = Field(default=1, ge=1, description="How much must have been tried.")

    @property
    def attempt(self) -> str:
        """What to do where nothing counts."""
        return f"run `{self.how}`"

    @property
    def asks(self) -> str:
        most = spell(timedelta(days=self.max_age_days))
        return f"{self.what}: tried at least {counted(self.least_tried, 'time')}, at most {most} ago."

    def rule(self, facts: Facts) -> Ruling:
        done = facts.exercises.get(self.exercise)
        if done is None:
            return self.ruling(facts, "not_measured", "it was never tried", remedy=self.attempt)
        evidence = [
            Evidence(label="tried", value=f"{done.tried:,}", href=self.shown_at, command=self.how),
            Evidence(label="failed", value=f"{done.failed:,}", href=self.shown_at),
            Evidence(label="on", value=moment(done.at), href=self.shown_at),
            *(Evidence(label="found", value=each, href=self.shown_at) for each in done.findings[: self.most_shown]),
        ]
        if not done.tried:
            return self.ruling(facts, "not_measured", done.said or "nothing was tried", evidence, remedy=self.attempt)
        if not done.passed or done.failed or done.findings:
            return self.ruling(facts, "fail", _found(done), evidence, remedy=self.mend)
        if done.tried < self.least_tried:
            said = f"tried {counted(done.tried, 'time')} only"
            return self.ruling(facts, "not_measured", said, evidence, remedy=self.attempt)
        old = too_old(facts.now, done.at, timedelta(days=self.max_age_days))
        if old:
            return self.ruling(facts, "not_measured", f"what was tried does not count: {old}", evidence, remedy=self.attempt)
        return self.ruling(facts, "pass", done.said, evidence)


def _found(done: Exercise) -> str:
    if done.findings:
        return some(done.findings)
    return f"{done.failed:,} of {done.tried:,} failed: {done.said}" if done.failed else done.said


class PersonalData(Exercised):
    """That planted personal data is masked on its way in and out, and that no source holds some which nothing masks."""

    name: ClassVar[str] = "personal_data"
    exercise: ClassVar[str] = "personal_data"
    what: ClassVar[str] = "Planted personal data is masked on its way in and out"
    mend: ClassVar[str] = (
        'set personal_data = "mask" (or "quarantine") for each source it names, under [[sources]] or [uploads], and [guard] questions ='
        ' "mask", and sync'
    )

    may_hold: Annotated[tuple[str, ...], NEITHER] = Field(
        default=(), description="Sources whose documents may hold personal data in the clear, as their settings allow."
    )

    def rule(self, facts: Facts) -> Ruling:
        ruled, done = super().rule(facts), facts.exercises.get(self.exercise)
        if ruled.verdict != "pass" or done is None:
            return ruled
        held = {name.removeprefix(IN_THE_CLEAR): count for name, count in done.counts.items() if name.startswith(IN_THE_CLEAR)}
        unmasked = {source: count for source, count in held.items() if count.events and source not in self.may_hold}
        if not unmasked:
            return ruled
        said = [
            f"{count.events:,} of {count.of:,} documents of '{name}' hold some that nothing masks"
            for name, count in unmasked.items()
        ]
        remedy = f"{self.mend}; or name it in `may_hold` of the policy, if its readers may read it all"
        return self.ruling(facts, "fail", some(said), ruled.evidence, remedy=remedy)


class Access(Exercised):
    """That nobody gets in without credentials, and that no secret is one that came with the product."""

    name: ClassVar[str] = "access"
    exercise: ClassVar[str] = "access"
    what: ClassVar[str] = "Access control is on, and no secret is a default one"
    mend: ClassVar[str] = "make an owner with `firmground person add --owner`, and change what it names"


class FallbackWorks(Exercised):
    """That answers still come when the language model is gone."""

    name: ClassVar[str] = "fallback"
    owned_by: ClassVar[str] = "alert_owner"
    exercise: ClassVar[str] = "fallback"
    what: ClassVar[str] = "Answers still come when the language model is gone"
    mend: ClassVar[str] = "see why nothing was answered without the model"


class LogFields(Exercised):
    """That what is kept of real answers is complete."""

    name: ClassVar[str] = "log_fields"
    owned_by: ClassVar[str] = "alert_owner"
    exercise: ClassVar[str] = "log"
    what: ClassVar[str] = "What is kept of answers has every field"
    mend: ClassVar[str] = "see which fields are missing"


class FeedbackReachable(Exercised):
    """That whoever reads an answer can say what they think of it."""

    name: ClassVar[str] = "feedback"
    exercise: ClassVar[str] = "feedback"
    what: ClassVar[str] = "Feedback can be given on the page of an answer"
    mend: ClassVar[str] = "see why it could not be given"


class RestoreDrill(Exercised):
    """That a backup was restored for practice, and everything was there."""

    name: ClassVar[str] = "restore_drill"
    owned_by: ClassVar[str] = "alert_owner"
    exercise: ClassVar[str] = "restore"
    what: ClassVar[str] = "A backup was restored for practice, complete"
    how: ClassVar[str] = "firmground restore FILE --drill"
    shown_at: ClassVar[str] = "/ledger"
    mend: ClassVar[str] = "make a new backup and repeat the drill"
    max_age_days: Annotated[float, LOWER] = Field(default=90.0, gt=0, description="How long ago the drill may have been.")
