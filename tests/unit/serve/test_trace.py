"""A kept answer loses every word of an erased document, and nothing else."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.serve.trace import ERASED, addresses_of, documents_of, tombstoned, understood_alone
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Draft, Json, Locator, Notice, Passage, Sentence, Step, Tombstone, Trace

ATTIC = "The quixblorp is kept under the vantroskian staircase."
YARD = "Bicycles are parked in the yard behind the north gate."
attic = a_passage(
    "attic",
    ATTIC,
    title="Where zwanglefrumps live",
    uri="notes/attic.md",
    locator=Locator(start=40, end=94, heading="Secret corners"),
)
yard = a_passage("yard", YARD, uri="notes/yard.md", title="Bicycles")


def texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from texts(each)


def everything(trace: Trace) -> str:
    return "\0".join(texts(trace.model_dump(mode="json")))


def test_a_trace_without_the_document_is_the_same_trace():
    trace = a_trace("1", attic, outputs=("anything",), asked="something else", context=("0",))
    for documents in ([], ["yard"], ["notes/attic.md"], {"attic.md", "atti"}):
        assert tombstoned(trace, documents) is trace


def test_passages_become_tombstones_in_their_places():
    again = attic.model_copy(update={"passage": "attic-7"})
    trace = tombstoned(a_trace("1", yard, attic, again, packed=(2, 0), signs={"best": 0.5}), ["attic"])
    buried = Tombstone(document="attic", passage="attic-0", text_digest=sha256(ATTIC.encode()).hexdigest(), start=40, end=94)
    assert trace.evidence == (yard, buried, buried.model_copy(update={"passage": "attic-7"}))
    assert (trace.packed, trace.signs, trace.erased) == ((2, 0), {"best": 0.5}, True)
    assert documents_of(trace) == {"yard"}


def test_sentences_that_cite_it_are_replaced_where_they_stood():
    both = Sentence(text="Both are true.", citations=(1, 2))
    trace = a_trace("1", yard, attic)
    said = (*trace.answer.sentences, both)
    told = f"- {YARD} [1]\n- {ATTIC} [2]\n\nBoth are true. [1][2]"
    trace = trace.model_copy(update={"answer": trace.answer.model_copy(update={"sentences": said, "text": told})})
    answer = tombstoned(trace, ["attic"]).answer
    assert answer.text == f"- {YARD} [1]\n- {ERASED} [2]\n\n{ERASED} [1][2]"
    assert [each.text for each in answer.sentences] == [YARD, ERASED, ERASED]
    assert [each.citations for each in answer.sentences] == [(1,), (2,), (1, 2)]


def test_a_citation_keeps_its_number_and_place_and_loses_every_word():
    trace = a_trace("1", yard, attic)
    kept, blank = tombstoned(trace, ["attic"]).answer.citations
    assert kept == trace.answer.citations[0]
    assert (blank.n, blank.document, blank.passage) == (2, "attic", "attic-0")
    assert (blank.locator.start, blank.locator.end) == (40, 94)
    assert (blank.title, blank.uri, blank.snippet, blank.locator.heading, blank.lineage) == ("", "", "", "", {})


def test_an_answer_that_was_laid_out_otherwise_than_its_sentences_is_told_anew():
    trace = a_trace("1", yard, attic, answer={"text": f"In short: {ATTIC.upper()} Besides, bicycles have a yard."})
    assert tombstoned(trace, ["attic"]).answer.text == f"{YARD} [1] {ERASED} [2]"


def test_what_was_found_but_not_said_goes_too():
    trace = a_trace(
        "1",
        attic,
        answer={
            "status": "clarify",
            "text": "Do you mean the vantroskian staircase?",
            "sentences": (),
            "citations": (),
            "closest": (attic, yard),
            "choices": ({"text": "under the vantroskian staircase"}, {"text": "in the yard"}),
            "notices": (Notice(code="superseded", text="notes/attic.md (2026) is left out"), Notice(code="x", text="Kept.")),
            "reasons": ("the title Where Zwanglefrumps Live fits", "close"),
        },
        steps=(
            Step(name="decide", outcome="asked", detail={"readings": [f"x {ATTIC}"], "rule": 3, ATTIC: 1, "why": "two readings"}),
        ),
        filters={"uri": "notes/attic.md", "year": 2026},
        outputs=(f'{{"text": "{ATTIC}"}}',),
        draft=Draft(status="weak", text="Something about it.", sentences=(Sentence(text="Something about it.", citations=()),)),
    )
    after = tombstoned(trace, ["attic"])
    answer = after.answer
    assert (answer.text, answer.closest, answer.choices) == (ERASED, (yard,), ({"text": "in the yard"},))
    assert ([each.text for each in answer.notices], answer.reasons) == (["Kept."], ("close",))
    assert after.steps[0].detail == {"readings": [ERASED], "rule": 3, "why": "two readings"}
    assert after.filters == {"uri": ERASED, "year": 2026}
    assert after.draft
    assert (after.outputs, after.draft.text, [each.text for each in after.draft.sentences]) == ((), ERASED, [ERASED])


def test_a_draft_loses_what_cites_the_document_and_keeps_what_rests_on_another():
    yard, attic = a_passage("yard", "The yard is swept on Mondays."), a_passage("attic", ATTIC)
    said = a_trace("1", yard, attic).answer
    draft = Draft(status="answered", text=said.text, sentences=said.sentences, citations=said.citations)
    waiting = a_trace(
        "1", yard, attic, answer={"status": "draft", "text": "A draft.", "sentences": (), "citations": ()}, draft=draft
    )
    after = tombstoned(waiting, ["attic"]).draft
    assert after
    assert after.text == f"The yard is swept on Mondays. [1] {ERASED} [2]"
    assert [each.text for each in after.sentences] == ["The yard is swept on Mondays.", ERASED]
    assert [bool(each.title) for each in after.citations] == [True, False]
    assert documents_of(waiting) == {"yard", "attic"}


def test_a_question_back_loses_even_single_words_of_the_document():
    rates = a_passage("rates", "| Country | Allowance |\n|---|---|\n| Zembla | 30 euro |\n| Norway | 65 euro |", title="Rates")
    question = "What is the allowance?"
    asked_back: dict[str, Any] = {
        "question": question,
        "status": "clarify",
        "text": "That depends on “Country”. Which one do you mean?",
        "sentences": (),
        "citations": (),
        "choices": ({"text": "What is the allowance (Zembla)?", "label": "Zembla"}, {"text": question, "label": "north gate"}),
    }
    rules: list[Json] = [
        {"name": "missing_detail", "seen": "Zembla / Norway"},
        {"name": "far", "seen": 4.0},
        {"name": "x", "seen": "yard"},
    ]
    trace = a_trace("1", rates, yard, answer=asked_back, steps=(Step(name="decide", detail={"rules": rules}),))
    after = tombstoned(trace, ["rates"])
    assert (after.answer.text, after.answer.choices) == (ERASED, asked_back["choices"][1:])
    assert [rule["seen"] for rule in after.steps[0].detail["rules"]] == [ERASED, 4.0, "yard"]
    assert not {"zembla", "norway", "country"} & set(everything(after).casefold().split())


def test_the_question_stays_as_it_was_asked_and_loses_what_a_model_added():
    question = "Is the quixblorp kept under the vantroskian staircase?"
    trace = a_trace("1", attic, yard, answer={"question": question}, asked="Is the quixblorp of Where zwanglefrumps live kept?")
    after = tombstoned(trace, ["attic"])
    assert (after.answer.question, after.asked) == (question, question)


def test_words_that_a_remaining_passage_says_as_well_stay():
    copy = a_passage("copy", f"{ATTIC} {YARD}", title=attic.title)
    trace = a_trace("1", copy, attic)
    after = tombstoned(trace, ["attic"])
    assert [each.text for each in after.answer.sentences] == [f"{ATTIC} {YARD}", ERASED]
    assert after.evidence[0] == copy


def test_a_copy_that_is_erased_is_only_not_named_any_more():
    passage = yard.model_copy(update={"also": ("notes/attic.md", "notes/other.md")})
    trace = a_trace("1", passage, answer={"closest": (passage,)}, outputs=("said",))
    after = tombstoned(trace, ["id-of-attic", "notes/attic.md"])
    assert addresses_of(after) == {"notes/other.md"}
    assert (after.outputs, after.erased, after.answer.sentences) == (("said",), False, trace.answer.sentences)


def test_a_notice_that_names_it_goes_also_where_it_is_no_evidence():
    notices = (Notice(code="superseded", text="a/b is left out", about=("a/b", "notes/yard.md")), Notice(code="x", text="Kept."))
    trace = a_trace("1", yard, answer={"notices": notices})
    assert addresses_of(trace) == {"a/b", "notes/yard.md"}
    after = tombstoned(trace, ["id-of-b", "a/b"])
    assert [each.code for each in after.answer.notices] == ["x"]
    assert (after.erased, after.answer.sentences) == (False, trace.answer.sentences)
    assert addresses_of(after) == frozenset()


def test_an_answer_understood_by_an_erased_one_loses_what_it_had_from_there():
    sentences = (Sentence(text="The guardian of the quixblorp parks there.", citations=(1,)), Sentence(text=YARD, citations=(1,)))
    trace = a_trace(
        "2",
        yard,
        answer={"question": "And where does it park?", "sentences": sentences, "text": " ".join(each.text for each in sentences)},
        asked="Where does the guardian of the quixblorp park?",
        context=("1",),
        outputs=("The guardian …",),
    )
    after = understood_alone(trace)
    assert (after.asked, after.outputs, after.erased, after.evidence) == ("And where does it park?", (), True, (yard,))
    assert after.answer.text == f"{ERASED} {YARD}"
    assert understood_alone(after) is after
    alone = a_trace("1", attic, outputs=("x",))
    assert understood_alone(alone) is alone


def test_what_a_model_said_again_of_an_earlier_answer_goes_with_the_document():
    paraphrase = (Sentence(text="Its guardian sleeps next to it.", citations=(1,)),)
    earlier = a_trace("1", attic, answer={"sentences": paraphrase, "text": paraphrase[0].text})
    said = (
        Sentence(text="As the guardian sleeps next to it, bicycles are safe.", citations=(1,)),
        Sentence(text=YARD, citations=(1,)),
    )
    told = {"sentences": said, "text": " ".join(each.text for each in said)}
    trace = a_trace("2", yard, answer=told, context=("1",), outputs=(ATTIC,), asked="How many days?")
    after = tombstoned(trace, ["attic"], [earlier])
    assert (after.answer.text, after.outputs, after.evidence) == (f"{ERASED} {YARD}", (), (yard,))
    assert tombstoned(after, ["attic"], [tombstoned(earlier, ["attic"])]) is after


WORD = st.text("abcdeäßИ日😀 \n\"\\'{}[]|", min_size=1, max_size=40)


@st.composite
def traces(draw: st.DrawFn) -> tuple[Trace, list[str], list[str]]:
    """An answer on two documents; what the one that goes says, and what may stay."""
    gone = [draw(WORD) for _ in range(3)]
    mine = a_passage("gone", gone[0], title=gone[1], uri=gone[2], locator=Locator(start=0, end=len(gone[0]), heading=draw(WORD)))
    stays = a_passage("stays", draw(WORD))
    question = draw(WORD)
    lost = [*gone, mine.locator.heading]

    def mixed() -> str:
        parts = [draw(st.sampled_from([*lost, stays.text, question, "other "])) for _ in range(draw(st.integers(0, 3)))]
        text = "".join(parts)
        return draw(st.sampled_from([text, text.upper(), text[3:]]))

    cited = draw(st.permutations([mine, stays]))
    sentences = tuple(Sentence(text=mixed(), citations=draw(st.sampled_from([(), (1,), (2,), (1, 2)]))) for _ in range(3))
    told: dict[str, Any] = {
        "question": question,
        "sentences": sentences,
        "text": draw(
            st.sampled_from([*(f"{before}{' '.join(each.text for each in sentences)}" for before in ("", mixed())), mixed()])
        ),
        "closest": tuple(draw(st.sampled_from([[], [mine], [stays, mine]]))),
        "choices": ({"text": mixed()},),
        "notices": (Notice(code="x", text=mixed()),),
        "reasons": (mixed(), "close"),
        "review": {"state": mixed()},
    }
    trace = a_trace(
        "1",
        *cited,
        answer=told,
        asked=mixed(),
        outputs=(mixed(),),
        draft=Draft(
            status="answered",
            text=mixed(),
            sentences=(Sentence(text=mixed(), citations=(1,)), Sentence(text=mixed(), citations=())),
            choices=({"text": mixed()},),
            notices=(Notice(code="x", text=mixed()),),
        ),
        steps=(Step(name="model", outcome=mixed(), detail={"a": [mixed(), {"b": mixed()}], mixed(): 1}),),
        filters={"uri": mixed()},
        context=("0",),
    )
    return trace, lost, [question, *(text for text in said(stays))]


def said(passage: Passage) -> list[str]:
    return [passage.text, passage.title, passage.uri]


@given(traces())
@settings(max_examples=150, deadline=None)
def test_no_stretch_of_what_is_erased_is_left_anywhere(made: tuple[Trace, list[str], list[str]]):
    trace, lost, kept = made
    after = tombstoned(trace, ["gone"])
    left = everything(after).replace(ERASED, "\0").casefold()
    allowed = "\0".join(kept).casefold()
    for text in (each.casefold() for each in lost):
        stretches = [text[at : at + 12] for at in range(len(text) - 11)]
        assert [each for each in stretches if each in left and each not in allowed] == []
    assert tombstoned(after, ["gone"]) is after
    assert Trace.model_validate_json(after.model_dump_json()) == after
    assert after.answer.question == trace.answer.question
    assert next(each for each in after.evidence if isinstance(each, Passage)).text == kept[1]
