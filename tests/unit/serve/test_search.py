"""From a question to passages."""

import pytest

from firmground.errors import InvalidInput
from firmground.serve.search import Corpus, Retrieval, search
from firmground.testing.corpus import Shelf, a_document, shelved
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.index import MemoryIndex
from firmground.types import Within

TEXTS = {
    "Annual leave": """# Annual leave

Everybody has thirty days of annual leave.

## Carry-over

Five days may be carried over until March.""",
    "Travel": """# Travel

Trains are booked in second class.

| Country | Allowance |
|---|---|
| Austria | 30 euro |
| Spain | 28 euro |""",
    "Parking": """# Parking

The garage opens at six. Bicycles go to the yard.""",
}


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def asked(embedder: FakeEmbedder) -> tuple[Corpus, Shelf]:
    documents = [
        (a_document(number, title=title, scope=number), text) for number, (title, text) in enumerate(TEXTS.items(), start=1)
    ]
    return shelved(documents, MemoryIndex(), embedder)


def test_the_passage_that_answers_comes_first_with_both_scores_and_its_exact_place(asked: tuple[Corpus, Shelf]) -> None:
    corpus, shelf = asked
    found = search(corpus, Retrieval(), "How many days of leave can be carried over?")
    best = found.passages[0]
    assert best.title == "Annual leave"
    assert "Five days may be carried over" in best.text
    assert best.text == shelf.text(1)[best.locator.start : best.locator.end]
    assert best.scores.lexical
    assert best.scores.dense
    assert found.corpus == shelf.corpus_version()
    assert set(found.timings_ms) == {"analyse", "embed", "index", "read"}


def test_the_same_question_gives_the_same_passages(asked: tuple[Corpus, Shelf]) -> None:
    first, second = (search(asked[0], Retrieval(), "second class trains") for _ in range(2))
    assert first.passages == second.passages
    assert first.ranked == second.ranked


def test_no_passage_comes_from_outside_the_asker_s_part(asked: tuple[Corpus, Shelf]) -> None:
    found = search(asked[0], Retrieval(), "annual leave", Within(scopes=frozenset({2, 3})))
    assert {passage.title for passage in found.passages} <= {"Travel", "Parking"}
    assert found.passages


@pytest.mark.parametrize("change", [{"state": "removed"}, {"state": "quarantined"}, {"scope": 9}])
def test_what_the_database_took_away_is_not_shown_though_the_index_still_has_it(
    asked: tuple[Corpus, Shelf], change: dict
) -> None:
    corpus, shelf = asked
    shelf.documents[1] = shelf.documents[1].model_copy(update=change)
    found = search(corpus, Retrieval(), "annual leave", Within(scopes=frozenset({1, 2, 3})))
    assert "Annual leave" not in {passage.title for passage in found.passages}
    del shelf.documents[2]
    assert {passage.title for passage in search(corpus, Retrieval(), "leave", Within(scopes=frozenset({1, 2, 3}))).passages} == {
        "Parking"
    }


def test_at_most_limit_passages_come_back(asked: tuple[Corpus, Shelf]) -> None:
    assert len(search(asked[0], Retrieval(), "days", limit=1).passages) == 1


def test_the_question_is_embedded_once_and_not_while_the_database_is_read(
    embedder: FakeEmbedder, asked: tuple[Corpus, Shelf]
) -> None:
    before = len(embedder.embedded)
    search(asked[0], Retrieval(), " bicycles? ")
    assert embedder.embedded[before:] == ["bicycles?"]


def test_a_language_without_dense_share_costs_no_embedding() -> None:
    embedder = FakeEmbedder(languages=frozenset({"en"}))
    text = "Alle Beschäftigten haben dreißig Tage Urlaub im Jahr."
    corpus, _ = shelved([(a_document(1, title="Urlaub", language="de"), text)], MemoryIndex(), embedder)
    before = len(embedder.embedded)
    retrieval = Retrieval()
    retrieval = retrieval.model_copy(update={"fusion": retrieval.fusion.model_copy(update={"dense_weights": {"de": 0.0}})})
    found = search(corpus, retrieval, "Wie viele Tage Urlaub habe ich im Jahr?")
    assert (found.language, found.covered, found.vector) == ("de", False, None)
    assert len(embedder.embedded) == before
    assert found.passages[0].text == text


@pytest.mark.parametrize("question", ["", "  \n", "\0"])
def test_an_empty_question_is_refused(asked: tuple[Corpus, Shelf], question: str) -> None:
    with pytest.raises(InvalidInput, match="the question is empty: "):
        search(asked[0], Retrieval(), question)


def test_a_question_as_long_as_a_document_is_refused(asked: tuple[Corpus, Shelf]) -> None:
    with pytest.raises(InvalidInput, match="5000 characters: "):
        search(asked[0], Retrieval(), "a" * 5000)


def test_a_limit_below_one_is_refused(asked: tuple[Corpus, Shelf]) -> None:
    with pytest.raises(InvalidInput, match="limit of 0"):
        search(asked[0], Retrieval(), "leave", limit=0)


def test_an_empty_corpus_finds_nothing(embedder: FakeEmbedder) -> None:
    corpus, _ = shelved([], MemoryIndex(), embedder)
    assert search(corpus, Retrieval(), "anything").passages == ()


def test_a_question_of_signs_only_is_asked_by_meaning_alone(asked: tuple[Corpus, Shelf]) -> None:
    assert search(asked[0], Retrieval(), "???").terms == ()


def test_of_two_languages_that_say_the_same_the_question_s_own_comes_first() -> None:
    texts = {
        "es": "# Garantía\n\nFulmar U2: 5 años garantizado.",
        "fr": "# Garantie\n\nLe Fulmar U2 est garanti pendant longtemps, 5 ans.",
    }
    documents = [(a_document(number, title=code, language=code), text) for number, (code, text) in enumerate(texts.items(), 1)]
    corpus, _ = shelved(documents, MemoryIndex(), FakeEmbedder(languages=frozenset({"en"})))
    found = search(corpus, Retrieval(), "Combien de temps mon anémomètre Fulmar U2 est-il garanti chez vous ?")
    assert found.language == "fr"
    assert [passage.language for passage in found.passages] == ["fr", "es"]
