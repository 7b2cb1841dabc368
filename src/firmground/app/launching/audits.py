"""Audit a release: try out what can be tried, gather what is known, and rule on everything that the policy asks. One durable job."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.evaluating import evaluation
from firmground.app.evaluating.case_results import active_cases
from firmground.app.following import follow
from firmground.app.launching import exercises, policies
from firmground.app.launching.decided import audit_was_made
from firmground.app.launching.exercises import OURS, Exercising
from firmground.app.launching.gathering import beside, gathered
from firmground.app.launching.releases import CANDIDATE, named, show
from firmground.app.recording.ledger import record, user_of
from firmground.errors import NotFound, Refused
from firmground.evaluate.cases import dataset_digest
from firmground.evaluate.files import load
from firmground.gate.audit import Audit
from firmground.gate.facts import Exercise, Facts
from firmground.gate.making import audited
from firmground.gate.policy import Policy
from firmground.ports import Handler, JobContext, Transaction
from firmground.release.record import Release
from firmground.types import Actor, Job, Json, digest

AUDITS = "audit"
"""Namespace of audits, by id."""
_LATEST = "audit-latest"
"""Namespace of the ids of the latest audits, by release."""
_WANTED = "audit-wanted"
"""Namespace of the releases that unfinished audits are of, by job."""
_WITH_PASSWORD = re.compile(r"^(\w+://)[^/?#@]*@")


def run(
    app: App,
    actor: Actor,
    *,
    release: str = CANDIDATE,
    evaluate: bool = False,
    exercising: Mapping[str, Exercising] = OURS,
    watch: Callable[[Job], None] = lambda _: None,
) -> Audit:
    """Audit a release, and with `evaluate` ask it the golden cases first, those of a day ago anew, beside what is live. Goes on with
    an audit that was interrupted. Refused where there is no policy, where the policy asks less than the one in force, or where
    documents or cases change meanwhile; InvalidInput for a policy that cannot be read; NotFound for a release that is none."""
    need(actor, "releases", "audit releases")
    policies.in_force(app, actor)
    if evaluate:
        evaluation.run(app, actor, release=release, against=_beside(app, release), fresh=True, watch=watch)
    job = request(app, actor, release=release)
    made = cast("dict[str, str]", follow(app, job.id, handlers(app, exercising), watch))
    return audit(app, actor, made["audit"])


def request(app: App, actor: Actor, *, release: str = CANDIDATE, evaluate: bool = False) -> Job:
    """The job that does it, for whoever does not wait: one that is not finished yet, or a new one. Refused as `run` is. With `evaluate`
    another job asks the golden cases before."""
    need(actor, "releases", "audit releases")
    policies.in_force(app, actor)
    digest = _digest(app, release)
    if evaluate:
        evaluation.request(app, actor, release=release, against=_beside(app, release), fresh=True)
    with app.database.reading() as tx:
        wanted = tx.facts(_WANTED)
    unfinished = {job.id: job for job in app.jobs.unfinished("audit")}
    if same := next((job for id, job in unfinished.items() if wanted.get(id) == digest), None):
        return same
    asked = {"by": actor.person, "via": actor.via, "key": actor.key, "user": user_of(actor)}
    job = app.jobs.submit("audit", {"release": digest, **asked})
    with app.database.transaction() as tx:
        tx.drop_facts(_WANTED, [id for id in wanted if id not in unfinished])
        tx.put_fact(_WANTED, job, digest)
    return app.jobs.get(job)


def handlers(app: App, exercising: Mapping[str, Exercising] = OURS) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"audit": lambda context, inputs: _Auditing(app, context, inputs, exercising).run()}


def audits(app: App, actor: Actor) -> list[Audit]:
    """All audits, newest first."""
    need(actor, "audit", "read audits")
    with app.database.reading() as tx:
        found = [made for packed in tx.facts(AUDITS).values() if (made := _read(packed))]
    return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)


def audit(app: App, actor: Actor, id: str) -> Audit:
    """One audit. NotFound."""
    need(actor, "audit", "read audits")
    with app.database.reading() as tx:
        found = _read(tx.fact(AUDITS, id))
    if found is None:
        raise NotFound(f"there is no audit {id[:100]!r}", "see them with `firmground audit --list`")
    return found


def latest(tx: Transaction, release: str) -> Audit | None:
    """The newest audit of a release (its digest); None where there is none, or it is not what the ledger tells of. By the order in which
    they were made: clocks are put back."""
    id = str(tx.fact(_LATEST, release))
    kept = tx.fact(AUDITS, id)
    return _read(kept) if audit_was_made(tx, id, release, kept) else None


def places(app: App) -> str:
    """Digest of what decides how a release answers and no recipe says: the servers of its models, by their settings without any key, and
    how documents are guarded."""
    settings = app.workspace.settings
    servers: dict[str, Json] = {
        name: {**server.model_dump(mode="json", exclude={"api_key_env"}), "base_url": _WITH_PASSWORD.sub(r"\1", server.base_url)}
        for name, server in settings.models.items()
    }
    return digest({"models": servers, "guard": settings.guard.model_dump(mode="json")})


class _Auditing:
    """One run of the job."""

    def __init__(self, app: App, context: JobContext, inputs: Mapping[str, Any], exercising: Mapping[str, Exercising]) -> None:
        self.app = app
        self.context = context
        self.exercising = exercising
        self.digest = str(inputs["release"])
        key, user = str(inputs.get("key", "")), str(inputs.get("user", ""))
        self.actor = Actor(person=str(inputs["by"]), role="admin", via=inputs.get("via", "job"), key=key, user=user)

    def run(self) -> Json:
        policy = policies.in_force(self.app, self.actor)
        release = show(self.app, self.actor, self.digest)
        asked = {getattr(each, "exercise", "") for each in policy.requirements}
        exercising = {name: each for name, each in self.exercising.items() if name in asked or name not in exercises.LONG}
        total = len(exercising) + 1
        for done, (name, exercise) in enumerate(exercising.items()):
            self.context.progress(done, total, "checks")
            made = self.context.step(
                f"exercise {name}", lambda name=name, exercise=exercise: self._tried(release, name, exercise)
            )
            with self.app.database.transaction() as tx:
                exercises.keep(tx, self.digest, Exercise.model_validate(made))
        self.context.check_cancelled()
        self._conclude(policy, gathered(self.app, release, traffic_days=policy.gate.traffic_days))
        self.context.progress(total, total, "checks")
        return {"audit": self.context.id}

    def _tried(self, release: Release, name: str, exercise: Exercising) -> Json:
        return exercises.tried(self.app, release, name, exercise).model_dump(mode="json")

    def _conclude(self, policy: Policy, facts: Facts) -> None:
        """The audit and its entry in the ledger, once."""
        made = audited(policy, facts, id=self.context.id, by=self.actor.person)
        dataset = dataset_digest(active_cases(self.app))
        with self.app.database.transaction() as tx:
            if tx.fact(AUDITS, self.context.id) is not None:
                return  # a run that was killed right after it had concluded
            if (str(tx.corpus_version()), dataset) != (facts.corpus, facts.dataset):
                raise Refused("the documents or golden cases changed during the audit", "run the same command again")
            made = made.model_copy(update={"loosened": policies.loosened(tx), "places": places(self.app)})
            kept = made.model_dump(mode="json")
            tx.put_fact(AUDITS, made.id, kept)
            tx.put_fact(_LATEST, made.release, made.id)
            tx.drop_facts(_WANTED, [made.id])
            record(
                self.app,
                tx,
                self.actor,
                "audit.made",
                made.id,
                release=made.release,
                passed=made.passed,
                open=[each.requirement for each in made.open],
                policy=made.policy,
                corpus=made.corpus,
                dataset=made.dataset,
                brief=made.brief,
                report=digest(kept),
                cases=_counts(self.app),
            )


def _counts(app: App) -> Json:
    """Of golden cases, by their status."""
    return dict(Counter(placed.case.status for placed in load(app.workspace.root).cases))


def _digest(app: App, release: str) -> str:
    with app.database.reading() as tx:
        return named(app, tx, release).digest


def _beside(app: App, release: str) -> str:
    """What the release is compared with, where that is another."""
    with app.database.reading() as tx:
        live = beside(app, tx)
        return live.release if live and live.release != named(app, tx, release).digest else ""


def _read(packed: Json) -> Audit | None:
    try:
        return Audit.model_validate(packed)
    except ValueError:
        return None
