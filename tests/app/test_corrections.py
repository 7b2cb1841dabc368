"""A correction reaches everybody who got the same answer, and memory does not repeat what was corrected."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.corpus.sync import sync
from firmground.app.personal import erasing
from firmground.app.reviewing import acting
from firmground.outbox import Notification
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.settings import AnswerSection, Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, Answer

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
DAYS = "How many vacation days may employees carry over?"


def person(name: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone"}), role=role)


ADA, BEA, CEM, RITA = person("ada"), person("bea"), person("cem"), person("rita", "reviewer")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    bench = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001)))
    bench.source.contents["leave.md"] = LEAVE
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        for each in (ADA, BEA, CEM):
            people.add_person(opened, ADMINISTRATOR, each.person)
        yield opened


def challenged(app: App, asker: Actor, answer: Answer) -> ReviewItem:
    opinions.challenge(app, asker, answer.id, "incomplete")
    with app.database.reading() as tx:
        (item,) = tx.items_of([answer.id])
    return item


def edited(app: App, asker: Actor, answer: Answer, text: str) -> None:
    item = challenged(app, asker, answer)
    acting.edit(app, RITA, item.id, revision=item.revision, text=text, reason="incomplete")


def told(app: App, name: str) -> list[Notification]:
    with app.database.reading() as tx:
        return [each for each in tx.notifications(person=name, limit=50) if each.event == "answer.corrected"]


def test_who_got_the_same_answer_from_memory_reads_the_correction_and_is_told(app: App):
    first, second = ask(app, ADA, DAYS), ask(app, BEA, DAYS)
    assert show(app, ADMINISTRATOR, second.id).cached_from == first.id
    edited(app, ADA, first, "Five days, until the end of March. [1]")
    seen = show(app, BEA, second.id).answer
    assert seen.text == "Five days, until the end of March. [1]"
    assert "corrected" in {each.code for each in seen.notices}
    assert [(each.about, each.body["answer"]) for each in told(app, "bea")] == [(second.id, second.id)]
    assert [each.about for each in told(app, "ada")] == [first.id]


def test_a_correction_of_a_repeated_answer_reaches_the_first_one_and_the_others(app: App):
    first, second, third = ask(app, ADA, DAYS), ask(app, BEA, DAYS), ask(app, CEM, DAYS)
    edited(app, BEA, second, "Five days, until March. [1]")
    for asker, answer in ((ADA, first), (CEM, third)):
        assert show(app, asker, answer.id).answer.text == "Five days, until March. [1]"
        assert len(told(app, asker.person)) == 1


def test_what_was_corrected_is_not_given_again_from_memory(app: App):
    first = ask(app, ADA, DAYS)
    edited(app, ADA, first, "Five days, until March. [1]")
    again = ask(app, CEM, DAYS)
    assert show(app, ADMINISTRATOR, again.id).cached_from == ""
    assert told(app, "cem") == []


def test_a_rejected_answer_is_nobodys_answer_and_the_note_is_for_who_asked(app: App):
    first, second = ask(app, ADA, DAYS), ask(app, BEA, DAYS)
    item = challenged(app, ADA, first)
    acting.reject(app, RITA, item.id, revision=item.revision, reason="outdated", note="Ada, please ask me directly.")
    assert "Ada, please ask me directly." in show(app, ADA, first.id).answer.text
    theirs = show(app, BEA, second.id).answer
    assert (theirs.status, "Ada" in theirs.text) == ("abstained", False)


def test_what_is_approved_after_all_is_read_as_it_was_given(app: App):
    first, second = ask(app, ADA, DAYS), ask(app, BEA, DAYS)
    edited(app, ADA, first, "Six days. [1]")
    item = challenged(app, ADA, first)
    acting.edit(app, person("ron", "reviewer"), item.id, revision=item.revision, text=first.text, reason="wrong")
    assert show(app, BEA, second.id).answer.text == first.text


def test_an_answer_of_other_words_is_left_alone(app: App):
    first, other = ask(app, ADA, DAYS), ask(app, BEA, "How many days of vacation can be carried over?")
    edited(app, ADA, first, "Five days, until March. [1]")
    assert show(app, BEA, other.id).answer.text == other.text
    assert told(app, "bea") == []


def test_who_deletes_the_question_is_left_no_message_about_it(app: App):
    first = ask(app, ADA, DAYS)
    edited(app, ADA, first, "Five days, until March. [1]")
    assert told(app, "ada") != []
    erasing.delete_answer(app, ADA, first.id)
    with app.database.reading() as tx:
        assert tx.notifications(person="ada", limit=50) == []
