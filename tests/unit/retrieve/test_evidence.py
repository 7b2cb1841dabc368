"""Chunks become passages that read well."""

from hypothesis import given
from hypothesis import strategies as st

from firmground.retrieve.evidence import Candidate, Evidence, distinct, passages
from firmground.testing.corpus import a_document
from firmground.types import Chunk, Hit, Page, Scores


def candidate(number: int, ordinal: int, score: float, text: str = "", *, size: int = 100, **fields) -> Candidate:
    """A chunk of `size` characters; the chunks of a document lie end to end, one character apart."""
    start = ordinal * (size + 1)
    chunk = Chunk(id=f"{number}/{ordinal}", document=number, ordinal=ordinal, start=start, end=start + size, headings=("Part",))
    hit = Hit(id=chunk.id, document=number, scores=Scores(lexical=1.0, dense=score))
    return Candidate(hit, score, chunk, a_document(number, **fields), text or chunk.id)


CANDIDATES = st.dictionaries(st.tuples(st.integers(1, 4), st.integers(0, 12)), st.floats(0, 1), max_size=30).map(
    lambda places: [candidate(number, ordinal, score) for (number, ordinal), score in places.items()]
)


def test_neighbours_are_merged_into_one_stretch_that_keeps_the_best_score() -> None:
    (only,) = Evidence().choose([candidate(1, 3, 0.5), candidate(1, 2, 0.9), candidate(1, 4, 0.4)], limit=5)
    assert only.span == (1, 202, 504)
    assert only.best.chunk.ordinal == 2


def test_a_chunk_between_two_stretches_joins_them() -> None:
    (only,) = Evidence().choose([candidate(1, 1, 0.9), candidate(1, 3, 0.8), candidate(1, 2, 0.1)], limit=5)
    assert (only.first.ordinal, only.last.ordinal) == (1, 3)


def test_stretches_that_become_one_keep_the_better_of_their_best_chunks() -> None:
    (only,) = Evidence().choose([candidate(1, 1, 0.0), candidate(1, 2, 0.0), candidate(1, 3, 1.0)], limit=1)
    assert (only.best.chunk.ordinal, only.first.ordinal, only.last.ordinal) == (3, 1, 3)


def test_no_stretch_grows_beyond_the_longest() -> None:
    found = Evidence(longest=250).choose([candidate(1, at, 1 - at / 10) for at in range(6)], limit=9)
    assert [stretch.span for stretch in found] == [(1, 0, 201), (1, 202, 403), (1, 404, 605)]


def test_chunks_of_different_documents_stay_apart() -> None:
    assert len(Evidence().choose([candidate(1, 0, 0.5), candidate(2, 1, 0.4)], limit=5)) == 2


def test_one_document_does_not_crowd_out_the_others_unless_there_is_nothing_else() -> None:
    evidence = Evidence(per_document=2)
    long = [candidate(1, at * 2, 0.9 - at / 100) for at in range(5)]
    found = evidence.choose([*long, candidate(2, 0, 0.1)], limit=3)
    assert [stretch.best.chunk.document for stretch in found] == [1, 1, 2]
    assert len(evidence.choose(long, limit=4)) == 4


def test_equal_texts_leave_one_that_names_the_others() -> None:
    old = candidate(1, 0, 0.5, "Same  words", modified_ns=1, uri="old.md")
    new = candidate(2, 0, 0.5, "same words", modified_ns=2, uri="new.md")
    (kept,) = distinct([old, new])
    assert kept.document.uri == "new.md"
    assert kept.also == ("shelf/old.md",)


def test_the_better_ranked_of_two_equal_texts_is_kept_even_if_older() -> None:
    (kept,) = distinct([candidate(1, 0, 0.9, "same", modified_ns=1), candidate(2, 0, 0.5, "same", modified_ns=2)])
    assert kept.document.number == 1


def test_a_short_stretch_takes_in_the_chunk_after_it_under_the_same_headings() -> None:
    evidence = Evidence(shortest=150)
    chosen = evidence.choose([candidate(1, 3, 0.9)], limit=5)
    assert evidence.neighbours(chosen) == {(1, 2), (1, 4)}
    after, before = candidate(1, 4, 0).chunk, candidate(1, 2, 0).chunk
    (grown,) = evidence.widen(chosen, [before, after])
    assert (grown.first.ordinal, grown.last.ordinal) == (3, 4)
    (grown,) = evidence.widen(chosen, [before, after.model_copy(update={"headings": ("Other",)})])
    assert (grown.first.ordinal, grown.last.ordinal) == (2, 3)


def test_two_short_stretches_never_take_in_the_same_chunk() -> None:
    evidence = Evidence(shortest=150)
    chosen = evidence.choose([candidate(1, 1, 0.9), candidate(1, 3, 0.8)], limit=5)
    grown = evidence.widen(chosen, [candidate(1, 2, 0).chunk])
    assert [(stretch.first.ordinal, stretch.last.ordinal) for stretch in grown] == [(1, 2), (3, 3)]


@given(CANDIDATES, st.integers(1, 10), st.integers(100, 900))
def test_stretches_never_overlap_are_bounded_and_lose_no_better_chunk(found: list[Candidate], limit: int, longest: int) -> None:
    chosen = Evidence(longest=longest).choose(found, limit=limit)
    places = [place for stretch in chosen for place in stretch.places]
    assert len(places) == len(set(places))
    assert len(chosen) <= limit
    assert all(end - start <= longest for _, start, end in (stretch.span for stretch in chosen))
    assert [stretch.best.score for stretch in chosen] == sorted((stretch.best.score for stretch in chosen), reverse=True)
    if found:
        assert chosen[0].best.score == max(each.score for each in found)


@given(CANDIDATES)
def test_the_same_candidates_in_another_order_give_the_same_stretches(found: list[Candidate]) -> None:
    assert Evidence().choose(found, limit=5) == Evidence().choose(found[::-1], limit=5)


def test_a_passage_tells_page_heading_and_span_and_repeats_no_table_header_it_holds() -> None:
    pages = (Page(number=1, start=0, end=150), Page(number=2, start=150, end=900))
    found = candidate(1, 2, 0.9, pages=pages, title="Leave", metadata={"date": "2026-01-01"})
    row = Candidate(found.hit, found.score, found.chunk.model_copy(update={"table_header": "| a |"}), found.document, found.text)
    inside, outside = passages(Evidence().choose([row], limit=1) * 2, ["| a |\n|---|\n| 1 |", "| 1 |"])
    assert (inside.table_header, outside.table_header) == ("", "| a |")
    assert outside.locator.page == 2
    assert outside.locator.heading == "Part"
    assert (outside.locator.start, outside.locator.end) == (202, 302)
    assert outside.metadata == {"date": "2026-01-01"}
