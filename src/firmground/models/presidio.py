"""Names of people and places, found by Presidio with a language model of spaCy that is on this machine. Nothing is ever downloaded.

What it finds is as good as that model; without a trained one it finds next to nothing.
"""

import re
from collections.abc import Collection, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, local
from typing import Any

from firmground.errors import InvalidSettings
from firmground.ports import Finder
from firmground.types import Span, digest

_KINDS = {"PERSON": "name", "LOCATION": "place"}
"""What Presidio calls them, and what we do."""
_PIECE = 50_000
"""Characters that are read at once: memory grows with it, and spaCy refuses more than a million."""
_BREAKS = (re.compile(r"[.!?\n]\s"), re.compile(r"\s"))
_LONE = re.compile("[\ud800-\udfff]")


class PresidioFinder:
    """What `first` finds, and between that names and places. `kinds` are those that count, all when empty; what `untouched` matches is
    never one."""

    def __init__(self, first: Finder, model: str, *, untouched: re.Pattern[str], kinds: Collection[str] = ()) -> None:
        self._first = first
        self._untouched = untouched
        self._kinds = frozenset(kinds)
        self._pipeline = _loaded(model)
        self._engine, self._recognizer = _engine(self._pipeline)
        self._one_at_a_time = Lock()
        self._reading = local()
        made_of = [first.id, version("presidio-analyzer"), version("spacy"), *sorted(self._kinds), *_files(self._pipeline)]
        self.id = digest("\n".join(made_of))[:12]

    def find(self, text: str) -> list[Span]:
        """Called while it reads, by what looks through the lines that spaCy logs, it finds only what `first` does."""
        spans = self._first.find(text)
        if getattr(self._reading, "now", False):
            return spans
        taken = bytearray(len(text))
        for start, end in [
            *((span.start, span.end) for span in spans),
            *(each.span() for each in self._untouched.finditer(text)),
        ]:
            taken[start:end] = b"\1" * (end - start)
        for span in self._named(_LONE.sub("\ufffd", text)):
            if span.start < span.end and taken.find(1, span.start, span.end) < 0:
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                spans.append(span)
        return sorted(spans, key=lambda span: span.start)

    def _named(self, text: str) -> Iterator[Span]:
        language = self._pipeline.lang
        for start, end in _pieces(text):
            for each in self._told(text[start:end], language):
                kind = _KINDS[each.entity_type]
                if not self._kinds or kind in self._kinds:
                    yield Span(kind=kind, start=start + each.start, end=start + each.end, score=min(1.0, each.score))

    def _told(self, piece: str, language: str) -> list[Any]:
        with self._one_at_a_time, self._pipeline.memory_zone():
            self._reading.now = True
            try:
                known = self._engine.process_text(piece, language)
                return self._recognizer.analyze(piece, entities=list(_KINDS), nlp_artifacts=known)
            finally:
                self._reading.now = False


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Of a text, cut between sentences or lines, or else between words, where there are any."""
    start = 0
    while start < len(text):
        end = min(len(text), start + _PIECE)
        gaps = (gap.search(text, end, min(len(text), end + 1000)) for gap in _BREAKS) if end < len(text) else ()
        end = next((gap.end() for gap in gaps if gap), end)
        yield start, end
        start = end


def _loaded(model: str) -> Any:
    if not (find_spec("presidio_analyzer") and find_spec("spacy")):
        raise InvalidSettings(
            "guard.names = presidio needs Presidio, which is not installed",
            "install firmground[presidio], or set guard.names to off",
        )
    import spacy

    if not (spacy.util.is_package(model) or Path(model).is_dir()):
        raise InvalidSettings(
            f"guard.names_model names {model!r}, which is neither a folder nor an installed package",
            "put a model of spaCy there; Firmground downloads none",
        )
    try:
        return spacy.load(model)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise InvalidSettings(
            f"the model {model!r} of guard.names_model cannot be loaded ({str(error).splitlines()[0][:200]})",
            "use a model of spaCy for the version that is installed",
        ) from None


def _engine(pipeline: Any) -> tuple[Any, Any]:
    """Presidio's way to a pipeline, and what reads names out of it. None of its own recognizers of forms: some ask the network, and its
    analyzer compares each name with each other."""
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    language = pipeline.lang
    ignored = _labels(pipeline) - {"PER", "PERSON", "LOC", "LOCATION", "GPE"}
    configuration = NerModelConfiguration(labels_to_ignore=ignored)
    engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": "loaded"}], ner_model_configuration=configuration)
    engine.nlp = {language: pipeline}
    return engine, SpacyRecognizer(supported_language=language, supported_entities=list(_KINDS))


def _labels(pipeline: Any) -> set[str]:
    return {label for labels in pipeline.pipe_labels.values() for label in labels}


def _files(pipeline: Any) -> list[str]:
    """What tells one model from another, without reading all of it."""
    meta = [str(pipeline.meta.get(key, "")) for key in ("lang", "name", "version")]
    path = Path(pipeline.path)
    return [*meta, *(f"{file.relative_to(path)} {file.stat().st_size}" for file in sorted(path.rglob("*")) if file.is_file())]
