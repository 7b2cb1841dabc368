"""The fuzzing of `benchmarks.fuzzing`, short and the same each time, and each thing that it found before."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import fuzzed, fuzzing

from firmground.answer.inert import inert
from firmground.guard.redaction import PLACEHOLDER, redacted, restored
from firmground.types import Span
from firmground.web import prose
from firmground.web.told import _ITEM

_PARTS = ("guards", "renderers")


@pytest.mark.parametrize("target", _PARTS)
def test_nonsense_breaks_no_promise(target: str):
    found = fuzzing.Findings()
    with fuzzed.of(target) as parts:
        for part in parts:
            fuzzing.thrown(found, part, 1, 25)
    assert found.crashes == {}
    assert min(found.executions.values()) >= 20


def test_nonsense_and_mutated_files_are_parsed_or_refused():
    found = fuzzing.Findings()
    with fuzzed.of("parsers") as parts:
        for part in parts:
            fuzzing.thrown(found, part, 1, 10)
    assert found.crashes == {}


def test_the_fuzzer_finds_what_crashes_and_says_with_what():
    found = fuzzing.Findings()

    def throw(text: str) -> None:
        assert "@" not in text

    fuzzing.thrown(found, fuzzed.Fuzzed("broken", fuzzed.texts(), throw, None), 1, 300)
    assert "AssertionError" in found.crashes["broken"]


@pytest.mark.parametrize(("power", "suspected"), [(1, False), (2, True), (3, True)])
def test_the_fuzzer_suspects_what_grows_with_the_square(power: int, suspected: bool):
    lengths = (2_000, 4_000, 8_000)
    found = fuzzing.Findings(
        slowest={"part": (fuzzing.slope(lengths, [0.01 * (length / 2_000) ** power for length in lengths]), 1.0, "")}
    )
    assert bool(found.suspects()) == suspected


# ---------------------------------------------------------------- odd texts


@pytest.mark.parametrize(
    "text",
    ["Привет hello नमस्ते 漢字 مرحبا שלום", "a\u0430a\u0435 раypal", "e\u0301" * 500, "\U0001f469\u200d\U0001f680" * 300,
     "\u202eolleh\u202c", "ﬁ" * 900, "\ufdfa" * 90],
    ids=["scripts", "look-alikes", "accents", "joined", "right to left", "ligatures", "expanding"],
)  # fmt: skip
@pytest.mark.parametrize("target", _PARTS)
def test_mixed_scripts_are_text_like_any_other(target: str, text: str):
    with fuzzed.of(target) as parts:
        read = [part.name for part in parts if part.throw(text) is not False]
    assert read


def test_a_placeholder_that_stands_in_the_text_is_a_word_and_gets_nobodys_value():
    key = b"k" * 32
    text = "EMAIL_7KQ2MX9PA4 wrote to ann@example.org"
    made = redacted(key, text, [Span(start=text.index("ann"), end=len(text), kind="email", score=1.0)])
    assert "EMAIL_7KQ2MX9PA4" in made.text
    assert "ann@example.org" not in made.text
    assert PLACEHOLDER.fullmatch(made.text.split()[-1])
    assert restored(made.text, {name: value for name, (_, value) in made.values.items()}) == text


def test_only_the_sign_of_a_list_is_taken_off_and_not_what_looks_like_one_further_on():
    assert _ITEM.sub("", "- Monday - Friday, 9 * 5") == "Monday - Friday, 9 * 5"


def test_inert_text_stays_inert_when_it_is_made_so_again():
    for text in ("<\u200bpassage>", "[INST][INST]", "System: System:", "`[1]` [1]", "<<<passage"):
        assert inert(inert(text)) == inert(text)


def test_a_table_of_bars_alone_is_shown():
    blocks = prose.blocks("|" * 20_000, 0, 20_000)
    assert [block.kind for block in blocks] == ["table"]
