"""The recipe: everything that can change an answer, under one digest."""

from collections.abc import Mapping
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from firmground.answer.confidence import Confidence
from firmground.answer.extract import Extractive
from firmground.answer.packing import Packing
from firmground.answer.prompt import Prompt
from firmground.index.chunk import Chunker
from firmground.retrieve.fuse import Fusion
from firmground.review.rules import Rules
from firmground.serve.ask import Answering
from firmground.serve.generation import Generation, Routing
from firmground.serve.search import Retrieval
from firmground.settings import Settings, recipe_keys
from firmground.types import Value, digest

ANALYSIS = 2
"""Grows when the words the index holds, or the text that is embedded, are made differently from the same document."""


class ReleaseSpec(Value):
    """What makes an answer. Equal content, equal digest; corpus content is not part of it."""

    embedder: str
    """Id of the embedder: digest of its weights and settings."""
    embedder_languages: tuple[str, ...] | None = None
    """What the workspace says of its languages; None: what the embedder knows of itself."""
    chunker: Chunker
    retrieval: Retrieval
    answering: Answering
    review: Rules = Rules()
    """Which answers people look at first; left out of its JSON where there are no rules, so that it says what it said before."""
    analysis: int = ANALYSIS

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said = handler(self)
        return said if self.review else {name: value for name, value in said.items() if name != "review"}

    @property
    def build(self) -> str:
        """Name of the index this recipe searches: recipes with the same chunking, analysis and embedder share one."""
        return digest([self.embedder, self.chunker.digest, self.analysis])[:16]


def candidate(settings: Settings, embedder: str, prompts: Mapping[str, Prompt] | None = None) -> ReleaseSpec:
    """The recipe of the workspace as it stands; keys that are absent take the measured defaults. `prompts`: `answer`, `repair` and
    `rewrite`, where a model is asked."""
    keys = recipe_keys(settings)
    answer = {name.removeprefix("answer."): value for name, value in keys.items() if name.startswith("answer.")}
    return ReleaseSpec(
        embedder=embedder,
        embedder_languages=keys["index.embedder_languages"],
        chunker=Chunker(**_given(chunk_tokens=keys["index.chunk_tokens"])),
        retrieval=Retrieval(
            candidates=keys["retrieval.candidates"],
            passages=keys["retrieval.passages"],
            fusion=Fusion(
                **_given(
                    dense_weight=keys["retrieval.dense_weight"], dense_weights=keys["retrieval.dense_weight_by_language"] or None
                )
            ),
        ),
        answering=Answering(
            extractive=Extractive(max_sentences=answer["max_sentences"]),
            confidence=Confidence(**_given(threshold=answer["threshold"])),
            generation=_generation(answer, prompts or {}),
            **{name: answer[name] for name in ("refusal", "out_of_scope", "out_of_scope_text", "history_tokens")},
        ),
        review=Rules.of(settings.review),
    )


def _generation(answer: Mapping[str, Any], prompts: Mapping[str, Prompt]) -> Generation:
    return Generation(
        routing=Routing(**{name: answer[name] for name in ("model", "fallbacks", "strong_model", "strong_below")}),
        prompt=prompts.get("answer"),
        repair=prompts.get("repair"),
        rewrite=prompts.get("rewrite"),
        packing=Packing.model_validate({"budget": answer["max_evidence_tokens"]}),
        **{name: answer[name] for name in ("temperature", "max_output_tokens", "budget_usd", "judge", "on_mismatch")},
    )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
