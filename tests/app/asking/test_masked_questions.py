"""Personal data in questions: masked at the door, kept apart, compared in the process, and read again by the asker alone."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.answer.confidence import Confidence, Logistic
from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking import kept, opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.asked import asked
from firmground.app.asking.history import history
from firmground.app.corpus.sync import sync
from firmground.app.evaluating.case_edits import from_answer
from firmground.app.personal.erasing import erase
from firmground.app.personal.personal_data import export_json
from firmground.errors import InvalidInput, Refused
from firmground.guard.redaction import placeholder
from firmground.settings import AnswerSection, Settings
from firmground.settings_guard import GuardSection
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.model import ScriptedModel
from firmground.types import Actor, Event

ADDRESS = "greta.holm@lighthouse.test"
NUMBER = "+44 20 7946 0123"
TOWER = f"# Tower\n\nThe keeper of the northern tower is reached at {ADDRESS}.\n\nThe southern tower is locked at dusk.\n"
QUESTION = f"Who is reached at {ADDRESS}?"
OTHER = Actor(person="other", groups=frozenset({"public", "everyone"}))
AUDITOR = Actor(person="auditor", groups=frozenset({"public", "everyone"}), role="admin")


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is near enough is answered: the confidence has tests of its own."""
    sure = Confidence(meaning=Logistic(intercept=5.0, signs={}), words=Logistic(intercept=5.0, signs={}), threshold=0.3, sure=0.6)
    monkeypatch.setattr("firmground.release.spec.Confidence", lambda **given: sure.model_copy(update=given))  # noqa: PLW0108


def a_bench(tmp_path: Path, *, questions: str = "mask", **answer: object) -> Bench:
    settings = Settings(answer=AnswerSection(**answer), guard=GuardSection(questions=questions))
    bench = Bench(tmp_path, settings=settings)
    bench.source.contents["tower.md"] = TOWER.encode()
    return bench


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with a_bench(tmp_path).app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def stands_for(app: App, kind: str, value: str) -> str:
    return placeholder(app.personal_key.hashing, kind, value)


def raw(app: App) -> str:
    """All that the database holds, but for documents."""
    with sqlite3.connect(app.workspace.data / "firmground.db") as connection:
        lines = "\n".join(connection.iterdump())
    return "\n".join(line for line in lines.splitlines() if not line.startswith(('INSERT INTO "texts"', "INSERT INTO texts")))


def test_the_asker_reads_what_they_wrote_and_nothing_that_is_kept_holds_it(app: App):
    question = f"Is {NUMBER} the number of the tower?"
    given = ask(app, COLLEAGUE, question)
    assert given.question == question
    with app.database.reading() as tx:
        stored = tx.find_trace(given.id)
        [hidden] = tx.hidden_in_answers([given.id])[given.id]
    word = stands_for(app, "phone", NUMBER)
    assert (stored.answer.question, hidden.placeholder) == (f"Is {word} the number of the tower?", word)
    assert "442079460123" not in raw(app).replace(" ", "")
    assert kept.show(app, COLLEAGUE, given.id).answer == given
    assert kept.listed(app, COLLEAGUE)[0].answer.question == question
    assert asked(app, COLLEAGUE, "7946")[0], "it is found by what was written"


def test_who_sees_everything_does_not_see_what_others_wrote(app: App):
    given = ask(app, COLLEAGUE, f"Is {NUMBER} the number of the tower?")
    for seen in (kept.show(app, AUDITOR, given.id), kept.listed(app, AUDITOR)[0], kept.show(app, ADMINISTRATOR, given.id)):
        assert NUMBER not in seen.model_dump_json()
        assert stands_for(app, "phone", NUMBER) in seen.answer.question
    assert NUMBER not in json.dumps(kept.explanation(app, AUDITOR, given.id))


def test_the_answer_says_that_something_was_masked_and_of_what_kind(app: App):
    [notice] = [each for each in ask(app, COLLEAGUE, QUESTION).notices if each.code == "question_masked"]
    assert "email" in notice.text
    assert ADDRESS not in notice.text
    assert "question_masked" not in {each.code for each in ask(app, COLLEAGUE, "When is the southern tower locked?").notices}


def test_a_question_by_an_address_finds_the_document_that_may_hold_it(app: App):
    given = ask(app, COLLEAGUE, QUESTION)
    assert given.status in {"answered", "weak"}
    assert ADDRESS in given.text
    with app.database.reading() as tx:
        stored = tx.find_trace(given.id)
    assert ADDRESS not in stored.asked
    assert kept.replay(app, COLLEAGUE, given.id).outcome == "same"
    assert kept.replay(app, ADMINISTRATOR, given.id).outcome == "same"


def test_a_language_model_is_sent_placeholders(tmp_path: Path):
    model = ScriptedModel(["The southern tower is locked at dusk. [1]"])
    bench = a_bench(tmp_path, model=model.name)
    bench.models[model.name] = model
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        given = ask(app, COLLEAGUE, f"My number is {NUMBER}: when is the southern tower locked?")
        sent = "\n".join(message.text for call in model.calls for message in call.messages)
        assert stands_for(app, "phone", NUMBER) in sent
        assert "20 7946" not in sent
        assert NUMBER in given.question


def test_two_who_write_one_number_differently_share_an_answer_and_each_reads_their_own(app: App):
    first = ask(app, COLLEAGUE, f"Is {NUMBER} the number of the southern tower?")
    events: list[Event] = []
    second = ask(app, OTHER, "Is +442079460123 the number of the southern tower?", listen=events.append)
    with app.database.reading() as tx:
        assert tx.find_trace(second.id).cached_from == first.id
        assert tx.find_trace(second.id).answer.question == tx.find_trace(first.id).answer.question
    assert (NUMBER in first.question, "+442079460123" in second.question) == (True, True)
    assert kept.show(app, OTHER, second.id).answer.question == second.question
    assert NUMBER not in json.dumps([event.model_dump(mode="json") for event in events])


def test_what_comes_after_takes_over_what_was_written_before(app: App):
    before = ask(app, COLLEAGUE, QUESTION)
    after = ask(app, COLLEAGUE, "And when is it locked?", conversation=before.conversation)
    with app.database.reading() as tx:
        trace = tx.find_trace(after.id)
        hidden = tx.hidden_in_answers([after.id]).get(after.id, [])
    assert ADDRESS not in trace.asked
    assert {each.placeholder for each in hidden} == ({stands_for(app, "email", ADDRESS)} if "EMAIL_" in trace.asked else set())
    assert "EMAIL_" not in kept.show(app, COLLEAGUE, after.id).asked
    assert ADDRESS not in kept.show(app, AUDITOR, after.id).asked


def test_what_a_program_tells_of_before_is_masked_too(tmp_path: Path):
    model = ScriptedModel(["When is the southern tower locked?", "The southern tower is locked at dusk. [1]"])
    bench = a_bench(tmp_path, model=model.name)
    bench.models[model.name] = model
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        told = history([(f"I am {NUMBER}. Which tower is locked?", f"The southern one, says {ADDRESS}.")])
        ask(app, COLLEAGUE, "And when?", history=told)
        sent = "\n".join(message.text for call in model.calls for message in call.messages)
        assert "PHONE_" in sent
        assert "20 7946" not in sent


def test_a_question_is_refused_where_the_settings_say_so_and_leaves_nothing(tmp_path: Path):
    with a_bench(tmp_path, questions="refuse").app() as app:
        sync(app, ADMINISTRATOR)
        with pytest.raises(Refused, match=r"the question holds personal data \(phone\)") as refused:
            ask(app, COLLEAGUE, f"Is {NUMBER} the number of the tower?")
        assert "20 7946" not in str(refused.value)
        assert kept.listed(app, ADMINISTRATOR) == []
        assert "20 7946" not in raw(app)
        assert ask(app, COLLEAGUE, "When is the southern tower locked?").question


def test_where_questions_are_allowed_they_stay_as_they_are(tmp_path: Path):
    with a_bench(tmp_path, questions="allow").app() as app:
        sync(app, ADMINISTRATOR)
        given = ask(app, COLLEAGUE, QUESTION)
        with app.database.reading() as tx:
            assert tx.find_trace(given.id).answer.question == QUESTION
            assert tx.hidden_in_answers([given.id]) == {}


def test_a_placeholder_that_is_typed_tells_nothing(app: App):
    word = stands_for(app, "phone", NUMBER)
    ask(app, COLLEAGUE, f"Is {NUMBER} the number of the tower?")
    typed = ask(app, OTHER, f"Is {word} the number of the tower?")
    assert word in typed.question
    assert NUMBER not in typed.model_dump_json()
    assert NUMBER not in kept.show(app, OTHER, typed.id).model_dump_json()


def test_readers_of_a_page_elsewhere_do_not_read_what_others_of_them_wrote(app: App):
    visitor = Actor(person="widget:shop", groups=frozenset({"public", "everyone"}), via="http")
    given = ask(app, visitor, f"Is {NUMBER} the number of the tower?")
    assert NUMBER not in kept.show(app, visitor, given.id).model_dump_json()


def test_what_was_written_goes_with_the_answer(app: App):
    people.add_person(app, ADMINISTRATOR, "greta", role="user")
    with app.database.reading() as tx:
        greta = tx.actor("greta")
    given = ask(app, greta, QUESTION)
    erase(app, ADMINISTRATOR, "greta", reason="they asked for it")
    with app.database.reading() as tx:
        assert tx.hidden_in_answers([given.id]) == {}


def test_a_case_made_from_an_answer_holds_placeholders(app: App):
    given = ask(app, COLLEAGUE, f"Is {NUMBER} the number of the tower?")
    assert NUMBER not in from_answer(app, ADMINISTRATOR, given.id).model_dump_json()


def test_personal_data_that_a_model_makes_up_is_not_said_and_not_kept(tmp_path: Path):
    made_up = "Call the keeper of the southern tower at +44 20 7946 0999. [1]"
    model = ScriptedModel([f"The southern tower is locked at dusk. [1] {made_up}", f"{made_up}"])
    bench = a_bench(tmp_path, model=model.name)
    bench.models[model.name] = model
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        given = ask(app, COLLEAGUE, "When is the southern tower locked?")
        assert "personal_data_removed" in {each.code for each in given.notices}
        assert "7946 0999" not in given.model_dump_json()
        assert "7946 0999" not in raw(app)
        assert kept.replay(app, ADMINISTRATOR, given.id).outcome == "same"


def test_a_filter_by_an_address_matches_it_and_is_kept_without(app: App):
    given = ask(app, COLLEAGUE, "When is the southern tower locked?", filters={"title": [ADDRESS, "Tower"]})
    with app.database.reading() as tx:
        trace = tx.find_trace(given.id)
    assert trace.evidence
    assert trace.filters == {"title": [stands_for(app, "email", ADDRESS), "Tower"]}
    assert kept.show(app, COLLEAGUE, given.id).answer == given


# ---------------------------------------------------------------- what people say of answers


def test_a_comment_and_a_note_are_read_as_written_by_who_wrote_them_alone(app: App):
    given = ask(app, COLLEAGUE, "When is the southern tower locked?")
    comment, note = f"Wrong, ask {ADDRESS}.", f"Call me at {NUMBER}."
    assert opinions.rate(app, COLLEAGUE, given.id, "down", comment=comment).comment == comment
    assert opinions.ask_person(app, COLLEAGUE, given.id, note).note == note
    own = opinions.of(app, COLLEAGUE, given.id)
    assert own.feedback is not None
    assert own.review is not None
    assert (own.feedback.comment, own.review.note) == (comment, note)
    theirs = opinions.of(app, ADMINISTRATOR, given.id)
    assert theirs.everybody is not None
    assert theirs.everybody[0].comment == f"Wrong, ask {stands_for(app, 'email', ADDRESS)}."
    told = "".join(export_json(app, COLLEAGUE, "colleague"))
    assert comment in told
    assert note in told
    for value in (ADDRESS, "20 7946"):
        assert value not in raw(app)


def test_what_stood_in_a_comment_goes_with_it(app: App):
    given = ask(app, COLLEAGUE, "When is the southern tower locked?")
    opinions.rate(app, COLLEAGUE, given.id, "down", comment=f"Ask {ADDRESS}.")
    opinions.ask_person(app, COLLEAGUE, given.id, f"Call {NUMBER}.")
    opinions.rate(app, COLLEAGUE, given.id, "up")
    with app.database.reading() as tx:
        assert [each.kind for each in tx.hidden_in_opinions([given.id], "colleague")[given.id]] == ["phone"]
    with app.database.transaction() as tx:
        tx.drop_comments([given.id])
        assert tx.hidden_in_opinions([given.id], "colleague") == {}


def test_an_export_holds_what_the_person_wrote(app: App):
    question = f"Is {NUMBER} the number of the tower?"
    ask(app, COLLEAGUE, question)
    assert question in "".join(export_json(app, COLLEAGUE, "colleague"))


def test_a_question_that_grows_by_its_placeholders_is_not_too_long(app: App):
    question = f"Is {NUMBER} the number of the tower? {'Tell me. ' * 500}"[:3990]
    assert ask(app, COLLEAGUE, question).question == question.strip()
    with pytest.raises(InvalidInput, match="has 4010 characters"):
        ask(app, COLLEAGUE, question + "x" * 20)
