"""Signs of how an answer served are noted of whoever agreed, hold no words, and go with the answer."""

from datetime import timedelta
from pathlib import Path

import pytest

from firmground.app.access import accounts, people
from firmground.app.access.passwords import Passwords
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.personal import consent, erasing
from firmground.app.teaching import signals
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.lessons import Signal
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.types import Actor

LEAVE = (
    b"# Leave\n\nEmployees may carry over five vacation days into the next year.\n\n# Tower\n\nThe tower has ninety-one steps.\n"
)
QUESTION = "How many vacation days may I carry over?"
AGAIN = "How many days of vacation may be carried over?"
OTHER = "How many steps has the tower?"


class Place:
    """A workspace with an owner, where ada asks by the web."""

    def __init__(self, folder: Path, mode: str = "ask") -> None:
        self.bench = Bench(
            folder, settings=Settings.model_validate({"consent": {"signals": mode}, "answer": {"threshold": 0.001}})
        )
        self.bench.source.contents["leave.md"] = LEAVE
        self.app = self.bench.app()
        sync(self.app, ADMINISTRATOR)
        self.app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(self.app, "owner", "a long enough passphrase")
        make_live(self.app)
        people.add_person(self.app, ADMINISTRATOR, "ada")
        with self.app.database.reading() as tx:
            self.ada = tx.actor("ada", via="http")

    def ask(self, question: str, actor: Actor | None = None, **more: str) -> str:
        return ask(self.app, actor or self.ada, question, **more).id

    def forward(self, time: timedelta) -> None:
        self.bench.clock.now += time

    def signs(self, answer: str) -> list[Signal]:
        with self.app.database.reading() as tx:
            return tx.signals([answer]).get(answer, [])

    def kinds(self, answer: str) -> list[str]:
        return [each.kind for each in self.signs(answer)]


@pytest.fixture
def place(tmp_path: Path):
    made = Place(tmp_path)
    with made.app:
        yield made


def test_nothing_is_noted_of_who_was_not_asked(place: Place):
    answer = place.ask(QUESTION)
    assert signals.noted(place.app, place.ada) is False
    assert not signals.note(place.app, place.ada, answer, "copied")
    place.ask(AGAIN)
    assert place.signs(answer) == []


def test_who_agrees_is_noted_once_for_each_answer_and_kind_without_words(place: Place):
    signals.choose(place.app, place.ada, wanted=True)
    answer = place.ask(QUESTION)
    assert signals.note(place.app, place.ada, answer, "copied")
    place.forward(timedelta(seconds=5))
    signals.note(place.app, place.ada, answer, "copied")
    [sign] = place.signs(answer)
    assert (sign.kind, sign.person, sign.detail) == ("copied", "ada", {})


def test_a_question_asked_again_at_once_in_other_words_says_so_of_the_answer_before(place: Place):
    signals.choose(place.app, place.ada, wanted=True)
    first = place.ask(QUESTION)
    place.forward(timedelta(seconds=30))
    second = place.ask(AGAIN)
    [sign] = place.signs(first)
    assert sign.kind == "rephrased"
    assert 30 <= int(str(sign.detail["seconds"])) < 60
    assert "vacation" not in str(sign.detail)
    assert place.signs(second) == []


@pytest.mark.parametrize(("later", "question"), [(timedelta(minutes=3), AGAIN), (timedelta(seconds=30), OTHER)])
def test_a_later_question_or_another_one_says_nothing(place: Place, later: timedelta, question: str):
    signals.choose(place.app, place.ada, wanted=True)
    first = place.ask(QUESTION)
    place.forward(later)
    place.ask(question)
    assert place.signs(first) == []


def test_going_on_from_an_answer_is_a_sign_of_its_own(place: Place):
    signals.choose(place.app, place.ada, wanted=True)
    first = place.ask(QUESTION)
    place.forward(timedelta(seconds=20))
    place.ask("And into which year?", conversation=first)
    assert place.kinds(first) == ["follow_up"]


def test_who_takes_it_back_is_noted_no_more_and_what_was_noted_goes_with_the_answer(place: Place):
    signals.choose(place.app, place.ada, wanted=True)
    answer = place.ask(QUESTION)
    signals.note(place.app, place.ada, answer, "copied")
    place.forward(timedelta(seconds=1))
    consent.withdraw(place.app, place.ada)
    assert signals.noted(place.app, place.ada) is False
    assert not signals.note(place.app, place.ada, answer, "source_opened")
    assert place.kinds(answer) == ["copied"]
    erasing.delete_answer(place.app, place.ada, answer)
    assert place.signs(answer) == []


def test_where_all_are_noted_who_objects_is_not(tmp_path: Path):
    place = Place(tmp_path, "on")
    with place.app:
        answer = place.ask(QUESTION)
        assert signals.note(place.app, place.ada, answer, "copied")
        signals.choose(place.app, place.ada, wanted=False)
        assert not signals.note(place.app, place.ada, answer, "source_opened")
        place.forward(timedelta(seconds=1))
        signals.choose(place.app, place.ada, wanted=True)
        assert signals.note(place.app, place.ada, answer, "source_opened")


def test_where_it_is_off_nobody_is_asked(tmp_path: Path):
    place = Place(tmp_path, "off")
    with place.app:
        assert signals.noted(place.app, place.ada) is None
        assert not signals.note(place.app, place.ada, place.ask(QUESTION), "copied")
        with pytest.raises(Refused, match="not noted here"):
            signals.choose(place.app, place.ada, wanted=True)


def test_an_answer_of_somebody_else_takes_no_sign(place: Place):
    people.add_person(place.app, ADMINISTRATOR, "bob")
    with place.app.database.reading() as tx:
        bob = tx.actor("bob", via="http")
    signals.choose(place.app, bob, wanted=True)
    with pytest.raises(NotFound):
        signals.note(place.app, bob, place.ask(QUESTION), "copied")


def test_a_sign_that_no_page_gives_is_refused_in_one_line(place: Place):
    with pytest.raises(InvalidInput, match="there is no sign 'person_asked': use one of copied, source_opened, abandoned"):
        signals.note(place.app, place.ada, "x", "person_asked")


def test_asking_for_a_person_is_a_sign_too(place: Place):
    signals.choose(place.app, place.ada, wanted=True)
    answer = place.ask(QUESTION)
    opinions.ask_person(place.app, place.ada, answer, "Is it five?")
    assert place.kinds(answer) == ["person_asked"]
