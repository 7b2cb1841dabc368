"""Ask a question."""

from collections.abc import Callable, Sequence
from random import SystemRandom
from typing import cast

from firmground.answer.judge import Judge
from firmground.app.app import App
from firmground.app.builds import build_of
from firmground.app.calibrated import fingerprint, stale
from firmground.app.readiness import check_that_something_is_indexed, not_up_to_date
from firmground.app.releases import LIVE, RECIPES, named, release_notice
from firmground.app.rights import may_ask_candidate, may_name_releases
from firmground.app.search import corpus, within
from firmground.app.traces import as_seen, conversation_of, keep
from firmground.errors import Busy, FirmgroundError, InvalidInput, NotAllowed
from firmground.ports import Filters, Transaction, Vectors
from firmground.release.spec import ReleaseSpec
from firmground.serve.ask import Asked, Live, answer, time_ordered
from firmground.serve.cache import Run, key
from firmground.serve.composing import pieces
from firmground.serve.conversation import Turn
from firmground.serve.generation import Models
from firmground.serve.search import checked
from firmground.types import Actor, Answer, Event, Json, Notice, Step, Trace, Usage, digest

_ATTEMPTS = 3
"""To keep an answer; each waits as long as the database has patience."""


def ask(
    app: App,
    actor: Actor,
    question: str,
    *,
    filters: Filters | None = None,
    conversation: str = "",
    history: Sequence[Turn] = (),
    release: str = LIVE,
    id: str = "",
    listen: Callable[[Event], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Answer:
    """The answer of a release from what this person may see, or why there is none; it is kept before it is returned.

    `conversation`: id of the conversation that it goes on with, one of the person's own; without one, `history` is what was said before,
    where the asker's program keeps that itself. `release`: which recipe answers, as `named` takes it; NotAllowed for another than the
    live one to who may not name it. `id`: what the answer shall be called, from `new_id`. `listen` hears of each checked sentence as
    soon as there is one. InvalidInput for an empty or overlong question; NotFound or Damaged where nothing was found because nothing is
    indexed, and for a conversation that is not theirs; ModelFailed(cancelled) where `cancelled`; then nothing is kept.
    """
    if not may_ask_candidate(actor):
        raise NotAllowed(f"{actor.person} may not ask what is not released", "ask the release that is live")
    longest = app.workspace.settings.serve.max_question_characters
    if len(question) > longest:
        raise InvalidInput(f"the question has {len(question)} characters", f"use at most {longest}")
    with app.database.reading() as tx:
        version = tx.corpus_version()
        recipe = _meant(app, tx, actor, release)
        settled = not tx.stale_documents(recipe.build, limit=1)
        history = conversation_of(tx, actor, conversation) if conversation else history
        latest = tx.latest_trace(actor.person)
        notices = standing(tx, app, recipe)
    searched, seen = corpus(app, recipe), within(app, actor, filters or {})
    asked = Asked(
        question=question,
        within=seen,
        conversation=conversation,
        history=history,
        person=actor.person,
        via=actor.via,
        groups=tuple(sorted(actor.groups)),
        admin=actor.admin,
        filters=_plain(filters or {}),
        id=id,
    )
    live = Live(
        clock=app.clock,
        random=SystemRandom(),
        models=Models(app.model, lambda: Judge(app.model(recipe.answering.generation.judge))),
        examples=examples(app, recipe),
        listen=listen,
        cancelled=cancelled,
        after=latest,
    )

    def run() -> Run:
        trace = answer(searched, recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)
        if trace.answer.status != "blocked" and not trace.evidence:
            check_that_something_is_indexed(app)
        # The index follows the database: only where nothing waited for it before, and nothing changed since, do both say the same.
        current = settled and trace.answer.corpus in {"", str(version)}
        return Run(trace, keep=current and not _model_failed(trace))

    this = key(version, release=recipe.digest, corpus=searched, within=seen, question=question, context=_context(history))
    given = app.cache.get_or_run(this, run, cancelled=cancelled)
    trace = _repeated(given.trace, asked, live) if given.again else given.trace
    trace = _noted(trace, [*not_up_to_date(app), *notices])
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _kept(app, actor, trace, recipe, version)
        except Busy:  # it may have cost money, so it is worth waiting for others to finish writing
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def check_release(app: App, actor: Actor, reference: str) -> None:
    """NotAllowed where this person may not ask it; NotFound where there is none, for who may."""
    with app.database.reading() as tx:
        _meant(app, tx, actor, reference)


def _meant(app: App, tx: Transaction, actor: Actor, reference: str) -> ReleaseSpec:
    if may_name_releases(actor):
        return named(app, tx, reference)
    live = named(app, tx, LIVE)
    try:
        found = live if reference == LIVE else named(app, tx, reference)
    except FirmgroundError:
        found = None
    if found is None or found.digest != live.digest:
        raise NotAllowed(f"{actor.person} may not ask another release than the one that is live", f"leave it out, or ask {LIVE}")
    return live


def _kept(app: App, actor: Actor, trace: Trace, recipe: ReleaseSpec, version: int) -> Answer:
    """The answer as it is kept and as this person may see it now."""
    with app.database.transaction() as tx:
        if tx.fact(RECIPES, recipe.digest) is None:
            tx.put_fact(RECIPES, recipe.digest, recipe.model_dump(mode="json"))
        saved = keep(tx, trace, known=version)
        return saved.answer if tx.corpus_version() == version else as_seen(tx, saved, actor).answer


def new_id(app: App, actor: Actor) -> str:
    """What this person's next answer can be called before it is there."""
    with app.database.reading() as tx:
        latest = tx.latest_trace(actor.person)
    return time_ordered(app.clock(), SystemRandom(), latest)


def examples(app: App, recipe: ReleaseSpec) -> Vectors | None:
    """Vectors of the examples of what is not answered; None where there are none."""
    given = recipe.answering.out_of_scope
    if not given:
        return None
    embedder = build_of(app, recipe).embedder
    return app.once(f"examples {embedder.id} {digest(list(given))}", lambda: embedder.embed(given))


def _model_failed(trace: Trace) -> bool:
    """Then the next who asks may have more luck."""
    held = {"written", "declined", "done"}
    return any(step.name in {"model", "rewrite", "repair"} and step.outcome not in held for step in trace.steps)


def _repeated(trace: Trace, asked: Asked, live: Live) -> Trace:
    """The same answer, to another question of the same words: with an id of its own, and for nothing."""
    now = live.clock()
    id = asked.id or time_ordered(now, live.random, live.after)
    answer = trace.answer.model_copy(
        update={
            "id": id,
            "question": checked(asked.question),
            "conversation": asked.conversation or id,
            "created_at": now,
            "usage": Usage(),
            "timings_ms": {"first_sentence": 0.0, "total": 0.0},
        }
    )
    for citation in answer.citations:
        live.listen(Event(kind="citation", data=citation.model_dump(mode="json")))
    for sentence, shown in zip(answer.sentences, pieces(answer.text, answer.sentences), strict=True):
        live.listen(Event(kind="sentence", data={**sentence.model_dump(mode="json"), "shown": shown}))
    return trace.model_copy(
        update={
            "answer": answer,
            "person": asked.person,
            "via": asked.via,
            "groups": asked.groups,
            "admin": asked.admin,
            "filters": dict(asked.filters),
            "cached_from": trace.cached_from or trace.answer.id,
            "steps": (Step(name="cache", outcome="hit"), *trace.steps),
        }
    )


def standing(tx: Transaction, app: App, recipe: ReleaseSpec) -> list[Notice]:
    """How far its answers can be trusted in general."""
    notices = [release_notice(tx, recipe)]
    if not recipe.answering.confidence.calibrated_on:
        notices.append(Notice(code="not_calibrated", text="The confidence is not calibrated on your documents."))
    elif (notice := stale(tx, fingerprint(app.candidate))) is not None:
        notices.append(notice)
    return notices


def _noted(trace: Trace, notices: Sequence[Notice]) -> Trace:
    answer = trace.answer
    return trace.model_copy(update={"answer": answer.model_copy(update={"notices": (*answer.notices, *notices)})})


def _context(history: Sequence[Turn]) -> Json:
    return [turn.model_dump(mode="json") for turn in history] or None


def _plain(filters: Filters) -> dict[str, Json]:
    """Filters as JSON."""

    def plain(value: object) -> Json:
        if isinstance(value, str | int | float | bool):
            return value
        if isinstance(value, dict):
            return {str(name): plain(each) for name, each in cast("dict[object, object]", value).items()}
        return [plain(each) for each in cast("Sequence[object]", value)]

    return {name: plain(value) for name, value in filters.items()}
