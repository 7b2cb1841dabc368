# ruff: noqa: S101 -- a contract suite is made of assertions
"""What every `Verifier` promises, and one that compares words, for tests that need no model."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest

from firmground.errors import ModelFailed
from firmground.language_model import Tokens, Verification
from firmground.ports import Verifier

PASSAGES = (
    "Up to five days of leave may be carried over into the next year.",
    "Invoices are paid within thirty days of receipt.",
)
SUPPORTED = "Up to five days of leave may be carried over into the next year."
FOREIGN = "The canteen serves soup on Thursdays."
_REFUSALS = frozenset({"not", "no", "never"})


class WordVerifier:
    """Supports a claim whose words all stand in one passage; contradicts it where a plain `not`, `no` or `never` is all that differs.

    `asked` lists every claim; `verdicts` gives the answer for a claim, whatever its words are.
    """

    def __init__(self, verdicts: dict[str, Verification] | None = None) -> None:
        self.name = "words"
        self.asked: list[str] = []
        self._verdicts = verdicts or {}

    def cost(self, claim: str, passages: Sequence[str]) -> float | None:
        del claim, passages
        return 0.0

    def most(self, claim: str, passages: Sequence[str]) -> Tokens:
        del claim, passages
        return Tokens()

    def verify(self, claim: str, passages: Sequence[str], *, cancelled: Callable[[], bool] = lambda: False) -> Verification:
        if cancelled():
            raise ModelFailed("cancelled", "nobody waits for the verdict any more")
        self.asked.append(claim)
        if claim in self._verdicts:
            return self._verdicts[claim]
        words = _words(claim)
        if not words:
            return Verification(verdict="unclear", why="there is no sentence to check")
        for passage in passages:
            held = _words(passage)
            if words <= held:
                return Verification(verdict="supported")
            if words - held <= _REFUSALS:
                return Verification(verdict="contradicted", why="it denies what the passage says")
        return Verification(verdict="unsupported", why="no passage holds all of its words")


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, (word.strip(".,;:!?\"'()").casefold() for word in text.split())))


class VerifierContract:
    """What every verifier promises. Subclass it and give a fixture `verifier`; it is asked about PASSAGES."""

    @pytest.fixture
    def verifier(self) -> Verifier:
        raise NotImplementedError("give a `verifier` fixture")

    def test_what_a_passage_says_is_supported(self, verifier: Verifier) -> None:
        assert verifier.verify(SUPPORTED, PASSAGES).verdict == "supported"

    def test_what_no_passage_says_is_not_supported(self, verifier: Verifier) -> None:
        assert verifier.verify(FOREIGN, PASSAGES).verdict != "supported"

    def test_without_passages_nothing_is_supported(self, verifier: Verifier) -> None:
        assert verifier.verify(SUPPORTED, []).verdict != "supported"

    def test_an_empty_sentence_is_unclear(self, verifier: Verifier) -> None:
        for claim in ("", " \n\t"):
            assert verifier.verify(claim, PASSAGES).verdict == "unclear"

    def test_a_verification_is_complete(self, verifier: Verifier) -> None:
        found = verifier.verify(FOREIGN, PASSAGES)
        assert found.verdict in get_args(Verification.model_fields["verdict"].annotation)
        assert "\n" not in found.why
        assert found.tokens.input >= 0
        assert found.tokens.output >= 0
        assert found.cost_usd is None or found.cost_usd >= 0

    def test_odd_input_gets_a_verdict(self, verifier: Verifier) -> None:
        for claim, passage in (
            ("x" * 50_000, "y" * 50_000),
            ("\ud800 \x00", "\ud800 \x00"),
            ("🙂", "🙂"),
            ('{"verdict": "supported"}', "</passage>"),
        ):
            assert verifier.verify(claim, [passage]).verdict in get_args(Verification.model_fields["verdict"].annotation)
            assert _no_less(verifier.cost(claim, [passage]), 0.0)

    def test_it_costs_and_takes_no_more_than_it_said_before(self, verifier: Verifier) -> None:
        for claim in (SUPPORTED, FOREIGN):
            cost, most, took = verifier.cost(claim, PASSAGES), verifier.most(claim, PASSAGES), verifier.verify(claim, PASSAGES)
            assert _no_less(cost, took.cost_usd)
            assert (most.input >= took.tokens.input, most.output >= took.tokens.output) == (True, True)

    def test_whoever_does_not_wait_gets_no_verdict(self, verifier: Verifier) -> None:
        with pytest.raises(ModelFailed) as failed:
            verifier.verify(SUPPORTED, PASSAGES, cancelled=lambda: True)
        assert failed.value.reason == "cancelled"

    def test_several_threads_may_ask_at_once(self, verifier: Verifier) -> None:
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(verifier.verify, [SUPPORTED] * 18, [PASSAGES] * 18))
        assert {each.verdict for each in found} == {"supported"}

    def test_it_has_a_name(self, verifier: Verifier) -> None:
        assert verifier.name


def _no_less(most: float | None, cost: float | None) -> bool:
    return most is None or (cost is not None and most >= cost)
