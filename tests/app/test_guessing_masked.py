"""Whoever may not read what a document hides cannot find out by trying values: a right guess is treated as a wrong one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking import kept, opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.app.redaction import masking
from firmground.guard.redaction import placeholders
from firmground.serve.conversation import Turn
from firmground.settings import Settings
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor

RIGHT, WRONG = "erika.musterfrau@firma.example", "erika.musterfrau@firma-b.example"
FILE = f"---\nauthor: {RIGHT}\n---\n# Personnel file\n\nSalaries of this year are told to {RIGHT} and to nobody else.\n"
DOGS = "# Dogs\n\nDogs are welcome on Wednesdays if all people in the room agree.\n"


def somebody(*groups: str, name: str = "bob") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone", *groups}), via="http")


BOB, ADA = somebody(), somebody("hr", name="ada")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    source = SourceSection.model_validate({"name": "docs", "path": ".", "personal_data": "mask", "personal_data_for": ("hr",)})
    bench = Bench(tmp_path, settings=Settings(sources=(source,)))
    bench.source.contents.update({"file.md": FILE.encode(), "dogs.md": DOGS.encode()})
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        make_live(app)
        yield app


def test_a_search_looks_for_another_word_than_the_document_holds(app: App):
    words = [search(app, BOB, guess).terms for guess in (RIGHT, WRONG)]
    with app.database.reading() as tx:
        [hidden] = tx.hidden_in_documents([tx.find_document("file.md").number]).values()
    word = hidden[0].placeholder.casefold()
    assert not [terms for terms in words if word in terms]
    assert word in search(app, ADA, RIGHT).terms, "who reads it finds by it"


@pytest.mark.parametrize("question", ["{}", "Are salaries told to {}?"])
def test_no_answer_confirms_a_guess(app: App, question: str):
    right, wrong = (ask(app, BOB, question.format(guess)) for guess in (RIGHT, WRONG))
    assert (right.status, right.text) == (wrong.status, wrong.text)
    assert RIGHT not in right.text
    assert RIGHT in ask(app, ADA, "Who are salaries of this year told to?").text


def test_no_filter_confirms_a_guess(app: App):
    right, wrong = (search(app, BOB, "salaries", filters={"author": guess}).passages for guess in (RIGHT, WRONG))
    assert (right, wrong) == ((), ())
    assert search(app, ADA, "salaries", filters={"author": RIGHT}).passages


def test_what_was_said_before_confirms_no_guess(app: App):
    for answer in ("", f"Salaries of this year are told to {RIGHT}."):
        history = [Turn(id="", question=f"Are salaries told to {RIGHT}?", asked="", answer=answer, status="answered")]
        assert RIGHT not in ask(app, BOB, "and who are salaries of this year told to?", history=history).text


def test_no_word_that_is_shown_confirms_a_guess_also_between_two_people(app: App):
    reviewer = Actor(person="rev", groups=frozenset({"public", "everyone"}), role="reviewer", via="http")
    given = ask(app, reviewer, f"Are dogs welcome, {RIGHT}?")
    opinions.rate(app, reviewer, given.id, "down", comment=f"Ask {RIGHT}.")
    said = opinions.of(app, reviewer, given.id).everybody
    assert said
    elsewhere = kept.show(app, Actor(person="aud", groups=BOB.groups, role="admin", via="http"), given.id).answer.question
    [passage] = search(app, BOB, "salaries told", limit=1).passages
    assert placeholders(passage.text)
    assert not placeholders(passage.text) & (placeholders(said[0].comment) | placeholders(elsewhere))
    mine, theirs = (masking.question(app, who, WRONG).text for who in (BOB, reviewer))
    assert mine != theirs, "else the words of two people would be the same for wrong guesses alone"


def test_the_same_person_has_one_word_for_one_value(app: App):
    assert masking.question(app, BOB, RIGHT).text == masking.question(app, BOB, RIGHT.upper()).text
    made = masking.question(app, BOB, f"From {RIGHT} to {WRONG}, and back to {RIGHT}.")
    assert [made.text[span.start : span.end] for span in made.spans][::2] == [made.text.split()[1]] * 2
    assert sorted(value for _, value in made.values.values()) == sorted([RIGHT, WRONG])
