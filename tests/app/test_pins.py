"""Answers that people stand behind, given to their question until what they rest on changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import explanation, replay, show
from firmground.app.corpus.sync import sync
from firmground.app.personal import erasing
from firmground.app.recording import ledger
from firmground.app.reviewing import acting, queue
from firmground.app.reviewing.intake import open_item
from firmground.app.teaching import pins
from firmground.errors import NotAllowed, NotFound, Refused
from firmground.lessons import Pin
from firmground.reviews import ReviewItem
from firmground.serve.conversation import Turn
from firmground.serve.pinned import key
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, Answer, Cause, Event, Passage

LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
CANTEEN = b"# Canteen\n\nThe canteen serves lunch between noon and two.\n"
SALARIES = b"# Salaries\n\nA senior surveyor earns 61,000 euro before tax.\n"
QUESTION = "How many vacation days may employees carry over?"
EARNINGS = "What does a senior surveyor earn before tax?"
WRITTEN = "Five days, until the end of March. [1]"
PUBLIC = frozenset({"public", "everyone"})
ADA, EVE = Actor(person="ada", groups=PUBLIC | {"hr"}), Actor(person="eve", groups=PUBLIC)
RITA = Actor(person="rita", groups=PUBLIC | {"hr"}, role="reviewer")
ROB = Actor(person="rob", groups=PUBLIC, role="reviewer")
SAM = Actor(person="sam", groups=PUBLIC | {"hr"}, role="reviewer")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001)))
    made.source.contents.update({"leave.md": LEAVE, "canteen.md": CANTEEN, "salaries.md": SALARIES})
    made.source.file_groups = {"salaries.md": ("hr",)}
    return made


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def look_at(app: App, answer: str) -> None:
    with app.database.transaction() as tx:
        trace = tx.trace(answer)
        assert trace is not None
        open_item(app, tx, trace, [Cause(kind="request")])


def waiting(app: App, answer: str) -> ReviewItem:
    with app.database.reading() as tx:
        [item] = tx.items_of([answer])
    return item


def reviewed(app: App, question: str = QUESTION, *, by: Actor = RITA, edit: str = "", reject: bool = False) -> Answer:
    """An answer to Ada that a reviewer looked at."""
    answer = ask(app, ADA, question)
    look_at(app, answer.id)
    decide(app, answer.id, by=by, edit=edit, reject=reject)
    return answer


def explanation_of(app: App, answer: Answer) -> list[Passage]:
    with app.database.reading() as tx:
        trace = tx.trace(answer.id)
    assert trace is not None
    return [each for each in trace.evidence if isinstance(each, Passage)]


def decide(app: App, answer: str, *, by: Actor = RITA, edit: str = "", reject: bool = False) -> None:
    item = waiting(app, answer)
    if edit:
        acting.edit(app, by, item.id, revision=item.revision, text=edit, reason="incomplete")
    elif reject:
        acting.reject(app, by, item.id, revision=item.revision, reason="wrong")
    else:
        acting.approve(app, by, item.id, revision=item.revision)


def pinned(app: App, *, edit: str = WRITTEN) -> Pin:
    return pins.add(app, RITA, reviewed(app, edit=edit).id)


def codes(answer: Answer) -> list[str]:
    return [notice.code for notice in answer.notices]


# ---------------------------------------------------------------- given


def test_a_pinned_answer_is_given_to_its_question_however_it_is_spelled(app: App):
    pin = pinned(app)
    for question in (QUESTION, "how many  VACATION days may employees carry over"):
        answer = ask(app, EVE, question)
        assert (answer.status, answer.text, answer.model) == ("answered", WRITTEN, "pinned")
        assert [each.uri for each in answer.citations] == ["docs/leave.md"]
        [notice] = [each for each in answer.notices if each.code == "pinned"]
        assert notice.text.startswith("A reviewer stands behind this answer since 2026-11-20")
        trace = show(app, EVE, answer.id)
        assert [(step.name, step.detail) for step in trace.steps if step.name == "pin"] == [
            ("pin", {"pin": pin.id, "version": 1})
        ]
        assert trace.evidence
        assert explanation(app, ADMINISTRATOR, answer.id)["reasons"] == ["a person approved this answer to this question"]
        assert replay(app, ADMINISTRATOR, answer.id).outcome == "same"


def test_another_question_and_another_part_of_the_documents_get_an_answer_of_the_release(app: App):
    pinned(app)
    assert ask(app, EVE, "How many vacation days may employees not carry over?").model != "pinned"
    assert ask(app, EVE, QUESTION, filters={"source": "docs"}).model != "pinned"


def test_a_pinned_answer_streams_as_any_other(app: App):
    pinned(app)
    heard: list[Event] = []
    answer = ask(app, EVE, QUESTION, listen=heard.append)
    assert "".join(str(event.data["shown"]) for event in heard if event.kind == "sentence") == answer.text
    assert [event.data["n"] for event in heard if event.kind == "citation"] == [1]


def test_an_approved_answer_is_pinned_as_it_was_given(app: App):
    answer = reviewed(app)
    assert pins.add(app, RITA, answer.id[:12]).says.text == answer.text
    assert ask(app, EVE, QUESTION).text == answer.text


def test_who_may_not_see_what_it_rests_on_gets_it_not_and_learns_not_that_there_is_one(app: App):
    answer = reviewed(app, EARNINGS)
    with pytest.raises(NotFound, match="no answer"):
        pins.add(app, ROB, answer.id)
    pin = pins.add(app, RITA, answer.id)
    given = ask(app, EVE, EARNINGS)
    assert given.model != "pinned"
    assert "61,000" not in given.model_dump_json()
    assert ask(app, ADA, EARNINGS).model == "pinned"
    assert (pins.listed(app, ROB), pins.listed(app, RITA)) == ([], [pin])
    with pytest.raises(NotFound, match="there is no pin"):
        pins.retire(app, ROB, pin.id)
    assert pins.of_answer(app, ROB, answer.id) is None


def test_a_question_that_leans_on_others_is_understood_first(app: App):
    pinned(app)
    before = ask(app, EVE, "When does the canteen serve lunch?")
    assert ask(app, EVE, QUESTION, conversation=before.conversation).model == "pinned"
    lunch = Turn(id="", question="Lunch?", asked="Lunch?", status="answered")
    assert ask(app, EVE, "And how many of them?", history=[lunch]).model != "pinned"


def test_whoever_asks_for_a_release_by_its_name_wants_to_know_what_that_says(app: App):
    pinned(app)
    assert ask(app, ADMINISTRATOR, QUESTION, release="candidate").model != "pinned"


def test_what_the_release_does_not_answer_is_not_answered_by_a_pin_either(bench: Bench, app: App):
    pinned(app)
    assert ask(app, EVE, QUESTION).model == "pinned"
    closed = bench.settings.model_copy(update={"answer": AnswerSection(threshold=0.001, out_of_scope=(QUESTION,))})
    bench.settings = closed
    with bench.app() as again:
        assert ask(again, EVE, QUESTION).status == "out_of_scope"


# ---------------------------------------------------------------- until something changes


def test_as_soon_as_a_document_changes_nobody_gets_it_and_somebody_is_asked_to_look_again(bench: Bench, app: App):
    pin = pinned(app)
    bench.source.contents["canteen.md"] = CANTEEN + b"\nIt is closed on Sundays.\n"
    sync(app, ADMINISTRATOR)
    assert ask(app, EVE, QUESTION).model == "pinned", "it does not rest on that one"
    bench.source.contents["leave.md"] = LEAVE.replace(b"five", b"six")
    sync(app, ADMINISTRATOR)
    [stale] = pins.listed(app, RITA, state="waiting")
    assert stale == pin.model_copy(update={"state": "waiting", "item": waiting(app, pin.answer).id})
    assert [cause.kind for cause in waiting(app, pin.answer).causes] == ["source_changed"]
    answer = ask(app, EVE, QUESTION)
    assert (answer.model != "pinned", "six vacation days" in answer.text) == (True, True)
    assert len(queue.listed(app, RITA).items) == 1, "asking again opens nothing more"


@pytest.mark.parametrize("way", ["approve", "edit", "reject"])
def test_a_pin_that_waits_becomes_the_next_version_or_ends(bench: Bench, app: App, way: str):
    pin = pinned(app)
    bench.source.contents["leave.md"] = LEAVE.replace(b"next year", b"following year")
    sync(app, ADMINISTRATOR)
    decide(app, pin.answer, by=SAM, edit="Five, until March. [1]" if way == "edit" else "", reject=way == "reject")
    [now] = pins.listed(app, RITA)
    given = ask(app, EVE, QUESTION)
    if way == "reject":
        assert (now.state, given.model != "pinned") == ("retired", True)
    else:
        assert (now.state, now.version, now.by) == ("active", 2, "sam")
        assert given.text == ("Five, until March. [1]" if way == "edit" else WRITTEN)
        assert show(app, EVE, given.id).steps[-1].detail["version"] == 2


def test_what_is_not_indexed_any_more_is_noticed_when_the_question_is_asked(bench: Bench, app: App):
    pin = pinned(app)
    with app.database.transaction() as tx:
        held = tx.find_document("docs/leave.md").model_copy(update={"state": "quarantined", "code": "suspected_instructions"})
        tx.save_document(held)
    assert ask(app, EVE, QUESTION).model != "pinned"
    assert [each.state for each in pins.listed(app, ADMINISTRATOR)] == ["waiting"]
    assert waiting(app, pin.answer).state == "waiting"


def test_erasing_a_document_leaves_no_word_of_it_in_a_pin(bench: Bench, app: App):
    pin = pinned(app, edit="Five vacation days into the next year. [1]")
    _without(bench, app, "leave.md")
    with app.database.reading() as tx:
        found = tx.pin(pin.id)
    assert found is not None
    assert (found.state, found.says.text, found.says.citations) == ("waiting", "", ())
    item = waiting(app, pin.answer)
    assert item.state == "waiting"
    with pytest.raises(Refused, match="erased"):
        acting.approve(app, SAM, item.id, revision=item.revision)
    acting.reject(app, SAM, item.id, revision=item.revision, reason="outdated")
    with app.database.reading() as tx:
        assert [each.state for each in tx.pins()] == ["retired"]


def _without(bench: Bench, app: App, name: str) -> None:
    del bench.source.contents[name]
    sync(app, ADMINISTRATOR)


def test_a_pinned_answer_that_is_rejected_is_given_to_nobody_any_more(app: App):
    pin = pinned(app)
    given = ask(app, EVE, QUESTION)
    look_at(app, given.id)
    decide(app, given.id, by=ROB, reject=True)
    with app.database.reading() as tx:
        found = tx.pin(pin.id)
    assert found is not None
    assert found.state == "retired"
    assert ask(app, EVE, QUESTION).model != "pinned"


# ---------------------------------------------------------------- pinning


def test_the_newer_of_two_pins_takes_the_place_of_the_other_as_its_next_version(app: App):
    first = pinned(app)
    assert pins.add(app, RITA, first.answer) == first, "twice changes nothing"
    other = ask(app, ADMINISTRATOR, QUESTION, release="candidate")
    look_at(app, other.id)
    decide(app, other.id, by=SAM, edit="At most five. [1]")
    second = pins.add(app, SAM, other.id)
    assert (second.id, second.version, second.by) == (first.id, 2, "sam")
    assert ask(app, EVE, QUESTION).text == "At most five. [1]"
    entries = ledger.entries(app, ADMINISTRATOR, kinds=["pin.set"])
    assert [(each.subject, each.detail["version"]) for each in entries] == [(first.id, 1), (first.id, 2)]


def test_who_corrects_a_pinned_answer_where_it_was_given_corrects_the_pin(app: App):
    first = pinned(app)
    given = reviewed(app, by=SAM, edit="At most five. [1]")
    [now] = pins.listed(app, SAM)
    assert (now.id, now.version, now.says.text, now.answer) == (first.id, 2, "At most five. [1]", first.answer)
    assert pins.add(app, RITA, given.id) == now
    assert ask(app, EVE, QUESTION).text == "At most five. [1]"


def test_a_retired_pin_is_given_no_more(app: App):
    pin = pinned(app)
    assert pins.retire(app, RITA, pin.id[:13]).state == "retired"
    assert pins.retire(app, RITA, pin.id).state == "retired"
    assert ask(app, EVE, QUESTION).model != "pinned"
    assert [each.kind for each in ledger.entries(app, ADMINISTRATOR, kinds=["pin.retired"])] == ["pin.retired"]
    assert pins.add(app, RITA, pin.answer).id != pin.id


def test_only_an_answer_that_somebody_stands_behind_can_be_pinned(bench: Bench, app: App):
    answer = ask(app, ADA, QUESTION)
    with pytest.raises(Refused, match="nobody looked at this answer"):
        pins.add(app, ADMINISTRATOR, answer.id)
    with pytest.raises(NotFound, match="there is no answer"):
        pins.add(app, RITA, answer.id)
    look_at(app, answer.id)
    with pytest.raises(Refused, match="still looks"):
        pins.add(app, RITA, answer.id)
    decide(app, answer.id, reject=True)
    with pytest.raises(Refused, match="was rejected"):
        pins.add(app, RITA, answer.id)
    with pytest.raises(NotFound):
        pins.add(app, RITA, "nothing")
    with pytest.raises(NotAllowed):
        pins.add(app, EVE, answer.id)


def test_an_answer_whose_documents_changed_or_are_gone_cannot_be_pinned(bench: Bench, app: App):
    answer = reviewed(app)
    bench.source.contents["leave.md"] = LEAVE.replace(b"five", b"six")
    sync(app, ADMINISTRATOR)
    with pytest.raises(Refused, match="changed since"):
        pins.add(app, RITA, answer.id)
    _without(bench, app, "leave.md")
    with pytest.raises(Refused, match="was erased"):
        pins.add(app, RITA, answer.id)


def test_a_question_that_leans_on_others_cannot_be_pinned(app: App):
    first = ask(app, ADA, QUESTION)
    second = ask(app, ADA, "And contractors?", conversation=first.conversation)
    look_at(app, second.id)
    decide(app, second.id, edit="Contractors have none.")
    with pytest.raises(Refused, match="leans on those before it"):
        pins.add(app, RITA, second.id)


def test_who_pinned_is_called_otherwise_once_they_are_erased(app: App):
    people.add_person(app, ADMINISTRATOR, "rita", groups=["hr"])
    pin = pinned(app)
    alias = erasing.erase(app, ADMINISTRATOR, "rita", reason="left").alias
    assert [each.by for each in pins.listed(app, ADMINISTRATOR)] == [alias]
    assert ask(app, EVE, QUESTION).model == "pinned"
    assert pin.by == "rita"


def test_a_pin_stays_as_it_is_when_the_answer_that_it_was_made_of_is_gone(app: App):
    pin = pinned(app)
    before = ask(app, EVE, QUESTION)
    erasing.delete_answer(app, ADA, pin.answer)
    given = ask(app, EVE, QUESTION)
    assert (given.model, given.text, given.citations, given.confidence) == (
        "pinned",
        before.text,
        before.citations,
        before.confidence,
    )
    assert [each.text for each in explanation_of(app, given)] == [LEAVE.decode().rstrip()]
    assert [(each.version, each.item) for each in pins.listed(app, ADMINISTRATOR)] == [(1, "")]
    reviewed(app, by=SAM, edit="At most five. [1]")
    assert [(each.version, each.says.text) for each in pins.listed(app, SAM)] == [(2, "At most five. [1]")]


def test_erasing_whoever_asked_leaves_the_pin_and_says_so(app: App):
    pin = pinned(app)
    made = erasing.erase(app, ADMINISTRATOR, "ada", reason="left")
    assert made.pinned == 1
    assert [each.id for each in pins.listed(app, ADMINISTRATOR)] == [pin.id]
    with app.database.reading() as tx:
        assert "ada" not in {*(each.by for each in tx.pins())}


def test_a_pin_whose_answer_is_gone_is_retired_when_a_document_of_it_changes_and_forgotten(bench: Bench, app: App):
    pin = pinned(app)
    erasing.delete_answer(app, ADA, pin.answer)
    bench.source.contents["leave.md"] = LEAVE.replace(b"five", b"six")
    sync(app, ADMINISTRATOR)
    assert ask(app, EVE, QUESTION).model != "pinned"
    entries = ledger.entries(app, ADMINISTRATOR, kinds=["pin.retired"])
    assert [each.subject for each in entries] == [pin.id]
    sync(app, ADMINISTRATOR)
    assert pins.listed(app, ADMINISTRATOR) == []


# ---------------------------------------------------------------- which question it is


@pytest.mark.parametrize("same", ["how many days?", "  How  many days", "“How many days?”", "How many days!"])
def test_spelling_makes_no_other_question(same: str):
    assert key(same, {}) == key("How many days?", {})


@pytest.mark.parametrize(
    "other", ["How many day?", "Not how many days?", "days many How?", "How many DA?", "How many days, 5 %?"]
)
def test_other_words_do(other: str):
    assert key(other, {}) != key("How many days?", {})
    assert key("How many days?", {"source": "docs"}) != key("How many days?", {})
    assert key("Do we pay US tax?", {}) != key("Do we pay us tax?", {})


# ---------------------------------------------------------------- rules of the release


@pytest.mark.parametrize(
    ("then", "becomes"),
    [("hold", "pinned"), ("warn", "pinned"), ("block", "blocked"), ("escalate", "draft"), ("hold_for_two", "draft")],
)
def test_rules_stand_above_a_pin_and_one_person_who_approved_is_one_person(bench: Bench, app: App, then: str, becomes: str):
    pinned(app)
    rule = RuleSection.model_validate(
        {"name": "leave", "then": then, "topics": ("vacation",), "text": "Ask your manager as well."}
    )
    bench.settings = bench.settings.model_copy(update={"review": ReviewSection(rules=(rule,))})
    with bench.app() as again:
        answer = ask(again, EVE, QUESTION)
    assert (answer.model if becomes == "pinned" else answer.status) == becomes
    assert ("Ask your manager as well." in answer.model_dump_json()) == (then in {"warn", "block"})
