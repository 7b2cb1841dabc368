"""Ask a question."""

from collections import ChainMap
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import SystemRandom
from typing import cast

from firmground.answer.judge import Judge
from firmground.app.access.rights import as_of_now, lost_nothing
from firmground.app.app import App
from firmground.app.asking.readiness import check_that_something_is_indexed, not_up_to_date
from firmground.app.asking.search import corpus, within
from firmground.app.asking.traces import as_seen, conversation_of, keep
from firmground.app.asking.unscored import unscored
from firmground.app.corpus.builds import build_of
from firmground.app.evaluating.calibrated import fingerprint, stale
from firmground.app.launching.releases import LIVE, RECIPES, answering, release_notice
from firmground.app.personal import consent
from firmground.app.personal.pseudonyms import erased_at, erasures
from firmground.app.redaction import masking
from firmground.app.redaction.answers import Telling, Wrote, answer_revealed, hide, said_in, values_of
from firmground.app.reviewing import corrections
from firmground.app.reviewing.intake import take_in
from firmground.app.reviewing.lots import lots
from firmground.app.reviewing.outcome import as_reviewed
from firmground.app.reviewing.seeing import without_evidence
from firmground.app.spending.limits import rules_of
from firmground.app.spending.metering import Meter, metered
from firmground.app.teaching import pins, signals
from firmground.errors import Busy, InvalidInput, NotAllowed
from firmground.ports import Filters, Transaction, Vectors
from firmground.release.spec import ReleaseSpec
from firmground.serve.ask import Asked, Live, answer, time_ordered
from firmground.serve.cache import Given, Run, key
from firmground.serve.conversation import Turn
from firmground.serve.generation import Models
from firmground.serve.pinned import answerable, pinned, stands_alone
from firmground.serve.search import checked
from firmground.serve.sending import Sending, known_of
from firmground.serve.unread import Unread
from firmground.types import Actor, Answer, Event, Json, Notice, Step, Trace, Usage, digest

_ANSWERED = {"sentence", "citation"}
"""What of an answer tells something of it: then it counts, also where whoever asked leaves."""
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
    where the asker's program keeps that itself. `release`: which recipe answers, and to whom, as `releases.answering` says. `id`: what the
    answer shall be called, from `new_id`. `listen` hears of each checked sentence as soon as there is one. InvalidInput for an empty or
    overlong question; NotFound or Damaged where nothing was found because nothing is indexed, and for a conversation that is not theirs;
    NotAllowed; LimitReached where no answer is left of a day or month; ModelFailed(cancelled) where `cancelled`; then nothing is kept.
    """
    _check(app, actor, question)
    matched, kept_filters = masking.filters(app, actor, filters or {})
    with app.database.reading() as tx:
        said = masking.question(app, actor, question, tx)
        version, changes, erased = tx.corpus_version(), erasures(tx) + corrections.count(tx), erased_at(tx, actor.person)
        recipe = answering(app, tx, actor, release)
        settled = not tx.stale_documents(recipe.build, limit=1)
        history = conversation_of(tx, actor, conversation) if conversation else history
        latest = tx.latest_trace(actor.person)
        notices = [*standing(tx, app, recipe), *filter(None, [masking.notice(said)])]
        kept_words = said_in(app, tx, [turn.id for turn in history if turn.id])
        rules = rules_of(app, tx, actor)
    history, wrote = _masked(app, actor, history)
    wrote = {**wrote, **said.values}
    searched, seen = corpus(app, recipe), within(app, actor, matched)
    asked = Asked(
        question=said.text,
        within=seen,
        conversation=conversation,
        history=history,
        person=actor.person,
        via=actor.via,
        groups=tuple(sorted(actor.groups)),
        admin=actor.may("see_all"),
        filters=_plain(kept_filters),
        id=id or time_ordered(app.clock(), SystemRandom(), latest),
        hidden=ChainMap({}, values_of(wrote), cast("dict[str, str]", kept_words)),
    )
    approved = _pinned(app, recipe, asked, version) if release == LIVE else None
    with metered(app, actor, release=recipe.digest, rules=rules) as meter:
        meter.begin()
        show = Telling(app, actor, values_of(wrote), listen)
        live = _live(app, recipe, meter, asked=asked, show=show, cancelled=cancelled)

        def run() -> Run:
            if approved is not None:
                return Run(approved, keep=settled)
            trace = answer(searched, recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)
            if trace.answer.status != "blocked" and not trace.evidence:
                check_that_something_is_indexed(app, recipe)
            # The index follows the database: only where nothing waited for it before, and nothing changed since, do both say the same.
            current = settled and trace.answer.corpus in {"", str(version)}
            return Run(trace, keep=current and not trace.routed and not _model_failed(trace))

        context = _context(history, approved)
        this = key(version + changes, release=recipe.digest, corpus=searched, within=seen, question=said.text, context=context)
        given = app.cache.get_or_run(this, run, cancelled=cancelled)
        if given.again and _was_denied(given.trace):  # by a budget, or a rule, for who asked the same a moment before
            given = Given(run().trace, again=False)
        sending = live.sending
        if given.again or approved:
            trace = sending.repeat(_repeated(given.trace, asked, live) if given.again else given.trace)
        else:
            trace = sending.settled(given.trace)
        trace = _noted(trace, [*not_up_to_date(app, recipe, actor), *notices])
        return _patiently(lambda: _kept(app, actor, trace, recipe, version, wrote=wrote, told=show, erased=erased, meter=meter))


def _live(
    app: App,
    recipe: ReleaseSpec,
    meter: Meter,
    *,
    asked: Asked,
    show: Callable[[Event], None],
    cancelled: Callable[[], bool],
) -> Live:
    """What an answer needs while it is made; `meter` learns whether whoever asked heard a sentence of it."""

    def tell(event: Event) -> None:
        meter.told |= event.kind in _ANSWERED
        show(event)

    drawn = _drawn(app, recipe, asked)
    sending = Sending(recipe.review, recipe.digest, drawn, groups=asked.groups, finder=app.finder, listen=tell)
    return Live(
        clock=app.clock,
        random=SystemRandom(),
        models=Models(app.model, lambda: Judge(app.model(recipe.answering.generation.judge))),
        examples=examples(app, recipe),
        listen=sending.hear,
        sending=sending,
        cancelled=cancelled,
        unread=Unread(app.finder),
        account=meter.account,
    )


def _patiently(keep: Callable[[], Answer]) -> Answer:
    """An answer may have cost money, so it is worth waiting for others to finish writing."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(Busy):
            return keep()
    return keep()


def _check(app: App, actor: Actor, question: str) -> None:
    """Before anything is looked at for it."""
    longest = app.workspace.settings.serve.max_question_characters
    if len(question) > longest:
        raise InvalidInput(f"the question has {len(question)} characters", f"use at most {longest}")
    consent.check(app, actor)


def check_release(app: App, actor: Actor, reference: str) -> None:
    """NotAllowed where this person may not ask it; NotFound where there is none, for who may."""
    with app.database.reading() as tx:
        answering(app, tx, actor, reference)


def _kept(
    app: App,
    actor: Actor,
    trace: Trace,
    recipe: ReleaseSpec,
    version: int,
    *,
    wrote: Wrote,
    told: Telling,
    erased: str,
    meter: Meter,
) -> Answer:
    """The answer as it is kept and as this person may see it now, with the rights of this moment. NotAllowed where what is kept of them
    was erased meanwhile, or they are not known any more."""
    with app.database.transaction() as tx:
        if erased_at(tx, actor.person) != erased:
            meter.disown()
            raise NotAllowed("what is kept of you was erased while this was being answered", "ask again, if you still may")
        now = as_of_now(tx, actor)
        if tx.fact(RECIPES, recipe.digest) is None:
            tx.put_fact(RECIPES, recipe.digest, recipe.model_dump(mode="json"))
        saved = keep(tx, trace, known=version)
        hide(app, tx, saved, wrote, before=saved.context)
        take_in(app, tx, saved)
        signals.note_next(app, tx, now, saved)
        (saved,) = as_reviewed(tx, now, [saved])
        meter.book(tx, saved.answer)
        as_before = tx.corpus_version() == version and lost_nothing(actor, now)
        seen = without_evidence(saved if as_before else as_seen(tx, saved, now), now)
        known = None if saved.context else values_of(wrote)
        shown = answer_revealed(app, tx, now, seen, known, told=told if as_before else None)
    meter.booked = True
    return unscored(shown, now)


def new_id(app: App, actor: Actor) -> str:
    """What this person's next answer can be called before it is there. ConsentNeeded where there is something to agree to first."""
    consent.check(app, actor)
    with app.database.reading() as tx:
        latest = tx.latest_trace(actor.person)
    return time_ordered(app.clock(), SystemRandom(), latest)


def examples(app: App, recipe: ReleaseSpec) -> "Vectors | None":
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


def _was_denied(trace: Trace) -> bool:
    """By a budget that others have not, or by a rule that may be for some people only."""
    return trace.routed is not None or any(
        str(step.detail.get("why", "")).startswith(("person_", "key_")) for step in trace.steps
    )


def _repeated(trace: Trace, asked: Asked, live: Live) -> Trace:
    """The same answer, to another question of the same words: with an id of its own, and for nothing."""
    answer = trace.answer.model_copy(
        update={
            "id": asked.id,
            "question": checked(asked.question),
            "conversation": asked.conversation or asked.id,
            "created_at": live.clock(),
            "usage": Usage(),
            "timings_ms": {"first_sentence": 0.0, "total": 0.0},
        }
    )
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
    notice = release_notice(app, tx, recipe)
    notices = [notice] if notice else []
    if not recipe.answering.confidence.calibrated_on:
        notices.append(Notice(code="not_calibrated", text="The confidence is not calibrated on your documents."))
    elif (notice := stale(tx, fingerprint(recipe))) is not None:
        notices.append(notice)
    return notices


def _noted(trace: Trace, notices: Sequence[Notice]) -> Trace:
    answer = trace.answer
    return trace.model_copy(update={"answer": answer.model_copy(update={"notices": (*answer.notices, *notices)})})


def _masked(app: App, actor: Actor, history: Sequence[Turn]) -> tuple[tuple[Turn, ...], Wrote]:
    """What a program tells of what was said before, with placeholders; what is kept here has them already."""
    told: list[Turn] = []
    values: dict[str, tuple[str, str]] = {}
    for turn in history:
        if turn.id:
            told.append(turn)
            continue
        question, answer = (masking.earlier(app, actor, text) for text in (turn.question, turn.answer))
        values |= {**answer.values, **question.values}
        told.append(turn.model_copy(update={"question": question.text, "asked": question.text, "answer": answer.text}))
    return tuple(told), values


def _pinned(app: App, recipe: ReleaseSpec, asked: Asked, version: int) -> Trace | None:
    """What is pinned to the question, where it means the same without those before it, the release would answer it, and its rules ask for
    no more people than stand behind it."""
    if not stands_alone(asked.question, asked.history, recipe.answering.history_tokens):
        return None
    found = pins.of_question(app, asked.question, asked.filters, asked.within)
    if found is None or not answerable(
        recipe.answering, asked.question, examples(app, recipe), build_of(app, recipe).embedder.embed
    ):
        return None
    made = pinned(found, asked, app.clock(), release=recipe.digest, corpus=str(version))
    wanted = recipe.review.routed(known_of(made, _drawn(app, recipe, asked)), recipe.digest).outcome
    return None if wanted == "escalate" or (wanted == "hold_for_two" and found.people < 2) else made


def _drawn(app: App, recipe: ReleaseSpec, asked: Asked) -> str:
    """What chance is drawn from, where the release leaves anything to it."""
    return lots(app).of(asked.person, asked.question) if recipe.review else ""


def _context(history: Sequence[Turn], approved: Trace | None = None) -> Json:
    turns: list[Json] = [turn.model_dump(mode="json") for turn in history]
    return [*turns, *(step.detail for step in approved.steps)] if approved else turns or None


def _plain(filters: Filters) -> dict[str, Json]:
    """Filters as JSON."""

    def plain(value: object) -> Json:
        if isinstance(value, str | int | float | bool):
            return value
        if isinstance(value, dict):
            return {str(name): plain(each) for name, each in cast("dict[object, object]", value).items()}
        return [plain(each) for each in cast("Sequence[object]", value)]

    return {name: plain(value) for name, value in filters.items()}
