"""Which passages stand in a prompt, how much of each, and in which order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.answer.packing import Packed, Packing
from firmground.types import Locator, Passage, Scores


def passage(text: str, **fields) -> Passage:
    usual = {
        "passage": "p", "document": "d", "title": "", "uri": "", "language": "en", "locator": Locator(start=0, end=len(text)), "text": text,
        "score": 1.0, "scores": Scores(),
    }  # fmt: skip
    return Passage.model_validate(usual | fields)


def words(text: str) -> int:
    return len(text.split())


def filler(name: str, sentences: int) -> str:
    return " ".join(f"Sentence {name}{n} speaks of nothing in particular here." for n in range(sentences))


def shown(packed: tuple[Packed, ...], passages: list[Passage]) -> list[str]:
    return [each.shown(passages[each.at]) for each in packed]


def test_all_that_fit_are_whole_with_the_best_first_and_the_second_best_last() -> None:
    passages = [passage(f"Passage {name}.") for name in "abcde"]
    packed = Packing().pack("What?", passages, words)
    assert [each.at for each in packed] == [0, 2, 4, 3, 1]
    assert all((each.start, each.end) == (0, len(passages[each.at].text)) for each in packed)


def test_what_a_better_passage_says_already_is_left_out() -> None:
    passages = [passage("Ten days. Then it expires."), passage("ten  days."), passage("Ten days. Then it expires. Really.")]
    assert [each.at for each in Packing().pack("Days?", passages, words)] == [0, 2]


def test_a_passage_without_text_is_left_out() -> None:
    assert [each.at for each in Packing().pack("Days?", [passage(" \n"), passage("Ten.")], words)] == [1]
    assert Packing().pack("Days?", [passage("")], words) == ()
    assert Packing().pack("Days?", [], words) == ()


def test_a_long_passage_is_cut_at_sentences_around_its_best_part() -> None:
    text = f"{filler('a', 60)} Contractors may carry over five days. They ask in March. {filler('b', 60)}"
    (packed,) = Packing(budget=100).pack("How many days may contractors carry over?", [passage(text)], words)
    part = text[packed.start : packed.end]
    assert "Contractors may carry over five days. They ask in March." in part
    assert 30 < words(part) <= 100
    assert part.startswith("Sentence a")
    assert part.endswith("here.")


def test_one_long_passage_leaves_room_for_others() -> None:
    passages = [passage(filler("a", 100)), passage("Contractors get five days.")]
    assert "Contractors get five days." in shown(Packing(budget=200).pack("Contractors?", passages, words), passages)


def test_a_passage_is_left_out_rather_than_cut_to_a_rag() -> None:
    passages = [passage(filler("a", 12)), passage(filler("b", 12)), passage("Short.")]
    packed = Packing(budget=150, least=60, largest_share=1.0).pack("?", passages, words)
    assert [each.at for each in packed] == [0, 2]


def test_without_a_budget_the_best_part_of_the_best_passage_is_shown_all_the_same() -> None:
    text = f"{filler('a', 30)} Five days may be carried over."
    (packed,) = Packing(budget=0).pack("How many days may be carried over?", [passage(text), passage("More.")], words)
    assert "Five days may be carried over." in text[packed.start : packed.end]


def test_one_endless_sentence_is_cut_between_words_near_the_words_of_the_question() -> None:
    text = "word " * 3000 + "contractors carry five days " + "word " * 3000
    (packed,) = Packing(budget=80).pack("How many days for contractors?", [passage(text)], words)
    part = text[packed.start : packed.end]
    assert "contractors carry five days" in part
    assert words(part) <= 80
    assert text[packed.start - 1] == text[packed.end] == " "


def test_one_endless_word_is_cut_too() -> None:
    text = "x" * 50_000
    (packed,) = Packing(budget=80).pack("x?", [passage(text)], lambda text: len(text) // 4 + 1)
    assert 0 < packed.end - packed.start < 400


def test_rows_cut_from_a_table_keep_its_header() -> None:
    rows = "\n".join(f"| Country {n} | {n} euro |" for n in range(200))
    text = f"| Country | Allowance |\n|---|---|\n{rows}"
    (packed,) = Packing(budget=100).pack("What is the allowance of Country 150?", [passage(text)], words)
    assert packed.header == "| Country | Allowance |"
    assert "| Country 150 | 150 euro |" in packed.shown(passage(text))


def test_equal_input_is_packed_equally() -> None:
    passages = [passage(filler(name, 20)) for name in "abc"]
    assert Packing(budget=300).pack("Particular?", passages, words) == Packing(budget=300).pack("Particular?", passages, words)


@settings(deadline=None)
@given(st.lists(st.text(max_size=120), max_size=6), st.integers(0, 200), st.text(max_size=30))
def test_whatever_is_packed_lies_in_its_passage_and_keeps_to_the_budget(texts: list[str], budget: int, question: str) -> None:
    passages = [passage(text) for text in texts]
    packed = Packing(budget=budget, least=5).pack(question, passages, words)
    assert bool(packed) == any(text.strip() for text in texts)
    assert len({each.at for each in packed}) == len(packed)
    for each in packed:
        assert 0 <= each.start < each.end <= len(passages[each.at].text)
        assert each.shown(passages[each.at]).strip()
    if len(packed) > 1:
        assert sum(words(each.shown(passages[each.at])) for each in packed) <= max(budget, 5)
