"""Personal data is planted, in documents and in questions, and looked for wherever the settings say that it must not be."""

import json
import logging
import random
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.corpus.uploads import upload
from firmground.app.launching.exercising.place import DOCUMENTS, TRYING, Place, planted
from firmground.app.launching.exercising.planting import facts, made_up, questions
from firmground.errors import Refused
from firmground.gate.facts import IN_THE_CLEAR, Count, Exercise
from firmground.language_model import Delta, ModelCall, Tokens
from firmground.release.record import Release
from firmground.settings_sources import PersonalData, UploadsSection
from firmground.types import Trace

_NAME = "harbour-master.md"
_AT_ONCE = 500
_FACT = re.compile(r"[A-Z][^.\n]{0,300} of the harbour master [^\n]{0,300}?\.(?=\s|$)")


def personal(app: App, release: Release) -> Exercise:
    """Values that nobody has, of every kind that is looked for, under each mode that a source of the workspace has. Masked ones must reach
    neither a language model, nor what is kept of an answer, nor the ledger, nor the log, nor a reader without the right; a document that
    waits for a person must not answer. Those in questions never. Where settings allow personal data, it is counted in the documents that
    there really are."""
    settings = app.workspace.settings
    modes = _modes(app)
    found: list[_Look] = []
    with planted(app, release, {}) as place:
        for mode in sorted(set(modes.values())):
            found += _tried(place, mode, settings.guard.kinds)
    counts = {f"{IN_THE_CLEAR}{source}": count for source, count in _in_the_clear(app, modes).items()}
    held = [f"{count.events:,} of {count.of:,} documents {name}" for name, count in counts.items() if count.events]
    findings = tuple(f"{each.where}: {', '.join(each.kinds)}" for each in found if each.kinds)
    tried, failed = sum(each.tried for each in found), sum(len(each.kinds) for each in found)
    used = ", ".join(f"{source}: {mode}" for source, mode in sorted(modes.items())) or "no source yet"
    return Exercise(
        name="personal_data",
        at=app.clock(),
        passed=not findings,
        tried=tried,
        failed=failed,
        said=f"{tried - failed} of {tried} looks found nothing in the clear ({used}; questions: {settings.guard.questions})",
        findings=findings,
        counts=counts,
        notable=tuple(f"{each}, as the settings allow" for each in held),
    )


class _Look(NamedTuple):
    where: str
    kinds: list[str]
    """Those that were found in the clear."""
    tried: int


class _Repeating:
    """In the place of a language model: it hears what would be sent, and repeats what it can of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.structured = False
        self.heard: list[str] = []

    def count(self, text: str) -> int:
        return len(text) // 4

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        del tokens, seconds
        return 0.0

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        del cancelled
        text = "\n".join(message.text for message in call.messages)
        self.heard.append(text)
        told = _FACT.findall(text)
        yield Delta(text=" ".join(f"{fact} [1]" for fact in told) or "NO_ANSWER")
        yield Delta(tokens=Tokens(input=len(text) // 4, output=10, estimated=True), finish="stop")

    def close(self) -> None:
        """Nothing is open."""


def _modes(app: App) -> Mapping[str, PersonalData]:
    """What becomes of personal data, by source in use; without any, as it would be with uploads."""
    settings = app.workspace.settings
    modes: dict[str, PersonalData] = {each.name: each.personal_data for each in settings.sources}
    return modes if modes and not app.uploads.exists() else {**modes, app.uploads.name: settings.uploads.personal_data}


def _in_the_clear(app: App, modes: Mapping[str, PersonalData]) -> dict[str, Count]:
    """Of the documents of each source whose settings allow it, those that hold personal data."""
    counts: dict[str, Count] = {}
    for source in (name for name, mode in modes.items() if mode == "allow"):
        held = seen = 0
        after = ""
        while True:
            with app.database.reading() as tx:
                lot = tx.documents(source=source, state="indexed", after=after, limit=_AT_ONCE)
                held += sum(any(span.kind != "instruction" for span in tx.spans(each.number)) for each in lot)
            seen += len(lot)
            if len(lot) < _AT_ONCE:
                break
            after = f"{lot[-1].source}/{lot[-1].uri}"
        if seen:
            counts[source] = Count(events=held, of=seen)
    return counts


def _tried(place: Place, mode: PersonalData, kinds: tuple[str, ...]) -> Iterator[_Look]:
    """All looks at one mode. What is asked about is never what stands in the documents, so that it is known what came from where."""
    chance = random.Random()  # noqa: S311 - so that what is found was planted now
    written = made_up(chance, kinds)
    asked = written
    while not asked.items().isdisjoint(written.items()):
        asked = made_up(chance, kinds)
    models = {name: _Repeating(name) for name in place.release.spec.answering.generation.routing.models}
    uploads = UploadsSection.model_validate({"personal_data": mode})
    with place.opened(models=models, settings={"uploads": uploads}) as there:
        document = "# Harbour master\n\n" + "\n\n".join(facts(written).values()) + "\n"
        for name, text in {**DOCUMENTS, _NAME: document}.items():
            upload(there.app, TRYING, name, [text.encode()], ["everyone"])
        sync(there.app, TRYING)
        yield _Look(f"not recognised in a document ({mode})", _overlooked(there, written, mode), len(written))
        with _heard() as lines:
            traces = [trace for question in questions(asked) if (trace := _asked(there, question)) is not None]
        heard = "\n".join(text for model in models.values() for text in model.heard) if models else None
        came = list(_places(there, traces, heard, "\n".join(lines)))
    for where, text in came:
        yield _Look(f"of a question, {where}", clear(text, asked), len(asked))
        if mode != "allow":
            yield _Look(f"of a document ({mode}), {where}", clear(text, written), len(written))


def _asked(place: Place, question: str) -> Trace | None:
    """None where it is refused, which is as good as masked."""
    try:
        return place.ask(question)
    except Refused:
        return None


def _overlooked(place: Place, values: Mapping[str, str], mode: PersonalData) -> list[str]:
    """The kinds that were not treated as the mode says."""
    with place.app.database.reading() as tx:
        row = next(each for each in [*tx.documents(state="indexed"), *tx.documents(state="quarantined")] if each.uri == _NAME)
        text, spans = tx.text(row.number), tx.spans(row.number)
        hidden = {each.kind for each in tx.hidden_in_documents([row.number]).get(row.number, [])}
    if mode == "quarantine":
        return [] if row.state == "quarantined" else [*values]
    if mode == "mask":
        return [kind for kind, value in values.items() if kind not in hidden or value in text]
    marked = {(span.kind, text[span.start : span.end]) for span in spans}
    return [kind for kind, value in values.items() if (kind, value) not in marked]


def _places(place: Place, traces: list[Trace], heard: str | None, log: str) -> Iterator[tuple[str, str]]:
    """Where values may have come to, and what stands there."""
    answers = [trace.answer for trace in traces]
    shown = [[each.text, *(citation.snippet for citation in each.citations), *(p.text for p in each.closest)] for each in answers]
    kept = [
        trace.model_copy(update={"answer": trace.answer.model_copy(update={"question": ""}), "asked": "", "evidence": ()})
        for trace in traces
    ]
    if heard is not None:
        yield "sent to a language model", heard
    yield "shown to a reader without the right", json.dumps(shown)
    yield "kept as the question of an answer", "\n".join(f"{each.answer.question}\n{each.asked}" for each in traces)
    yield "kept as the evidence of an answer", "\n".join(p.model_dump_json() for each in traces for p in each.evidence)
    yield "kept with an answer besides", "\n".join(each.model_dump_json() for each in kept)
    with place.app.database.reading() as tx:
        yield "written into the ledger", "\n".join(entry.model_dump_json() for entry in tx.entries())
    yield "written into the log of the process", log


def clear(text: str, values: Mapping[str, str]) -> list[str]:
    """The kinds of which `text` holds the value, however it is set in groups."""
    closed = _closed(text)
    return [kind for kind, value in values.items() if _closed(value) in closed]


def _closed(text: str) -> str:
    return re.sub(r"[\s\-\\]", "", text).casefold()


@contextmanager
def _heard() -> Generator[list[str]]:
    """What the process logs meanwhile."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
