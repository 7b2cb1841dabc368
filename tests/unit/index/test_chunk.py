from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.index.chunk import Chunker, embedded_text, estimated_tokens, index_terms
from firmground.types import Chunk, Page

SMALL = Chunker(chunk_tokens=40, least_tokens=0)
TINY = Chunker(chunk_tokens=24, least_tokens=0)
WORDS = "The travel desk pays each claim within ten days of the return."


def texts(chunks: list[Chunk], text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_a_heading_starts_a_chunk_and_names_the_path_of_what_follows() -> None:
    text = f"# Travel\n{WORDS}\n\n## Trains\n{WORDS}\n\n# Leave\n{WORDS}"
    chunks = SMALL.chunk(1, text)
    assert [chunk.headings for chunk in chunks] == [("Travel",), ("Travel", "Trains"), ("Leave",)]
    assert texts(chunks, text)[1] == f"## Trains\n{WORDS}"


def test_headings_without_text_join_what_follows() -> None:
    text = f"# Handbook\n\n## Travel\n\n{WORDS}\n\n## Empty end"
    chunks = SMALL.chunk(1, text)
    assert len(chunks) == 1
    assert chunks[0].headings == ("Handbook", "Travel")
    assert texts(chunks, text) == [text]


def test_a_document_of_headings_is_one_chunk() -> None:
    assert [(chunk.start, chunk.end) for chunk in SMALL.chunk(1, "# A\n\n## B")] == [(0, 9)]


def test_a_tiny_section_joins_the_next_one_at_its_level() -> None:
    text = f"# A\n\nYes.\n\n# B\n\n{WORDS}"
    assert len(Chunker().chunk(1, text)) == 1
    assert len(SMALL.chunk(1, text)) == 2


def test_a_list_that_fits_stays_whole() -> None:
    items = "- first thing\n- second thing\n- third thing"
    text = f"{WORDS} {WORDS}\n\n{items}\n\n{WORDS} {WORDS}"
    assert any(items in part for part in texts(SMALL.chunk(1, text), text))


def test_a_divided_table_repeats_its_header_in_context_only() -> None:
    rows = "\n".join(f"| place {n} | {n} days |" for n in range(30))
    text = f"| Place | Days |\n|---|---|\n{rows}"
    chunks = SMALL.chunk(1, text)
    assert len(chunks) > 2
    assert {chunk.kind for chunk in chunks} == {"table"}
    assert [chunk.table_header for chunk in chunks] == ["", *["| Place | Days |"] * (len(chunks) - 1)]
    assert "| Place | Days |" not in text[chunks[1].start : chunks[1].end]
    assert "| Place | Days |" in embedded_text("", chunks[1], text)
    assert index_terms("", chunks[1], text, "en").split()[:2] == ["place", "day"]


def test_no_row_of_a_table_is_torn() -> None:
    rows = [f"| place {n} | {n} days |" for n in range(30)]
    text = "| Place | Days |\n|---|---|\n" + "\n".join(rows)
    parts = texts(SMALL.chunk(1, text), text)
    assert all(any(row in part.split("\n") for part in parts) for row in rows)


def test_long_paragraphs_are_cut_between_sentences() -> None:
    text = " ".join([WORDS] * 12)
    parts = texts(SMALL.chunk(1, text), text)
    assert len(parts) > 3
    assert all(part.startswith("The travel") and part.endswith("return.") for part in parts)


def test_overlap_repeats_the_last_sentence() -> None:
    text = " ".join(f"Sentence number {n} is about travel." for n in range(20))
    chunks = Chunker(chunk_tokens=40, overlap_tokens=12).chunk(1, text)
    assert all(later.start < earlier.end for earlier, later in pairwise(chunks))
    assert all(later.start > earlier.start for earlier, later in pairwise(chunks))


def test_an_unbroken_string_is_cut_anyway() -> None:
    chunks = SMALL.chunk(1, "x" * 10_000)
    assert chunks[-1].end == 10_000
    assert all(estimated_tokens("x" * (chunk.end - chunk.start)) <= 40 for chunk in chunks)


def test_a_chunk_knows_its_page() -> None:
    text = f"# A\n{WORDS}\n\n# B\n{WORDS}"
    middle = text.index("# B")
    pages = [Page(number=1, start=0, end=middle), Page(number=2, start=middle, end=len(text))]
    assert [chunk.page for chunk in SMALL.chunk(1, text, "", pages)] == [1, 2]


def test_equal_input_gives_equal_ids_and_any_other_gives_others() -> None:
    text = f"# A\n{WORDS}\n\n# B\n{WORDS}"
    ids = [chunk.id for chunk in SMALL.chunk(1, text, "T")]
    assert ids == [chunk.id for chunk in SMALL.chunk(1, text, "T")]
    assert not set(ids) & {chunk.id for chunk in SMALL.chunk(2, text, "T")}
    assert not set(ids) & {chunk.id for chunk in SMALL.chunk(1, text, "Other")}
    assert len(set(ids)) == 2


def test_the_embedder_sees_title_and_path_but_nothing_twice() -> None:
    text = f"# Travel\n\n## Trains\n\n{WORDS}\n\n{WORDS}"
    first, second = TINY.chunk(1, text)
    assert embedded_text("Travel", second, text) == f"Travel > Trains\n{WORDS}"
    assert embedded_text("Guide", first, text) == f"Guide\n# Travel\n\n## Trains\n\n{WORDS}"


def test_bm25_sees_the_title_twice_and_headings_once() -> None:
    text = f"# Travel\n\n## Trains\n\n{WORDS}\n\n{WORDS}"
    for chunk in TINY.chunk(1, text):
        found = index_terms("Guide", chunk, text, "en").split(" ")
        assert found.count("guid") == 2
        assert found.count("train") == 1


def test_nothing_gives_no_chunk() -> None:
    assert Chunker().chunk(1, " \n\t ") == []


PIECES = st.sampled_from(
    [
        "# H\n",
        "## G\n",
        "word ",
        "A sentence. ",
        "\n",
        "\n\n",
        "- item\n",
        "| a | b |\n",
        "|---|---|\n",
        "```\n",
        "語。",
        "x" * 60,
        "> q\n",
        "\x0c",
    ]
)
CHUNKERS = st.builds(Chunker, chunk_tokens=st.integers(4, 60), overlap_tokens=st.integers(0, 20), least_tokens=st.integers(0, 40))


@settings(max_examples=200)
@given(CHUNKERS, st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)), st.sampled_from(["", "Title"]))
def test_chunks_hold_the_whole_document_in_order(chunker: Chunker, text: str, title: str) -> None:
    chunks = chunker.chunk(7, text, title)
    covered: set[int] = set()
    for ordinal, chunk in enumerate(chunks):
        body = text[chunk.start : chunk.end]
        assert chunk.ordinal == ordinal
        assert body.strip() == body != ""
        assert estimated_tokens(body) <= max(chunker.chunk_tokens * 2, 8)
        covered |= set(range(chunk.start, chunk.end))
    assert {at for at, sign in enumerate(text) if not sign.isspace()} <= covered
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert chunks == chunker.chunk(7, text, title)


def test_many_headings_without_text_do_not_make_one_giant_chunk():
    text = "".join(f"# Heading number {number} of a form that nobody filled in\n" for number in range(300)) + "The end.\n"
    chunker = Chunker()
    found = chunker.chunk(1, text)
    assert max(estimated_tokens(text[chunk.start : chunk.end]) for chunk in found) <= 2 * chunker.chunk_tokens
    assert chunker.chunk(1, "# 0:0:0:0\n0")[0].start == 0


def test_where_a_text_is_cut_and_how_ids_sort_tells_nothing_of_what_placeholders_are_made_with():
    text = "# Mail of {}\n\n" + "\n\n".join(f"Write to {{}} about matter {number}, and wait." for number in range(60))
    ours, theirs = (text.format(*[f"EMAIL_{signs}"] * 61) for signs in ("7KQ2MX5PA4", "ABCDEFGHIJ"))
    one, other = Chunker().chunk(1, ours, "Mail"), Chunker().chunk(1, theirs, "Mail")
    assert [(each.start, each.end) for each in one] == [(each.start, each.end) for each in other]
    assert [each.id[:16] for each in one] == [each.id[:16] for each in other]
    assert not {each.id for each in one} & {each.id for each in other}, "what they hold is not the same"
    assert one[0].headings == ("Mail of EMAIL_7KQ2MX5PA4",)
    assert embedded_text("Mail", one[0], ours) == embedded_text("Mail", other[0], theirs)
    assert "Write to email about matter 1" in embedded_text("Mail", one[0], ours)
