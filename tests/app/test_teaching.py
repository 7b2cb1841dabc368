"""One click makes a golden case, or pairs to train on, of an answer that people looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import case_edits
from firmground.app.reviewing import acting
from firmground.app.reviewing.intake import open_item
from firmground.app.teaching import cases, pairs
from firmground.app.teaching.pairs import Made
from firmground.errors import InvalidInput, NotAllowed, NotFound, OutsideFailed, Refused
from firmground.evaluate.cases import Case
from firmground.evaluate.files import load
from firmground.lessons import Pair
from firmground.reviews import ActReason
from firmground.settings import AnswerSection, GuardSection, Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, Answer, Cause

LEAVE = b"# Leave\n\nEvery employee may carry over 5 vacation days until March 31.\n"
SALARIES = b"# Salaries\n\nA senior surveyor earns 61,000 euro before tax.\n"
QUESTION = "How many vacation days may employees carry over?"
EARNINGS = "What does a senior surveyor earn before tax?"
PUBLIC = frozenset({"public", "everyone"})
ADA = Actor(person="ada", groups=PUBLIC | {"hr"})
RITA = Actor(person="rita", groups=PUBLIC | {"hr"}, role="reviewer")
ROB = Actor(person="rob", groups=PUBLIC, role="reviewer")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001), guard=GuardSection(questions="mask")))
    made.source.contents.update({"leave.md": LEAVE, "salaries.md": SALARIES})
    made.source.file_groups = {"salaries.md": ("hr",)}
    return made


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def reviewed(
    app: App,
    question: str = QUESTION,
    *,
    edit: str = "",
    reject: ActReason | None = None,
    marks: dict[int, acting.Mark] | None = None,
) -> Answer:
    answer = ask(app, ADA, question)
    with app.database.transaction() as tx:
        trace = tx.trace(answer.id)
        assert trace is not None
        item = open_item(app, tx, trace, [Cause(kind="request")])
    if edit:
        acting.edit(app, RITA, item.id, revision=item.revision, text=edit, reason="incomplete", marks=marks)
    elif reject:
        acting.reject(app, RITA, item.id, revision=item.revision, reason=reject, marks=marks)
    else:
        acting.approve(app, RITA, item.id, revision=item.revision, marks=marks)
    return answer


def kept(app: App) -> list[Case]:
    return [placed.case for placed in load(app.workspace.root).cases]


def all_pairs(app: App) -> list[Pair]:
    with app.database.reading() as tx:
        return [*tx.pairs()]


# ---------------------------------------------------------------- golden cases


def test_an_edited_answer_becomes_a_draft_of_a_case_with_all_that_is_known_of_it(app: App):
    answer = reviewed(app, edit="They may carry over 5 days, until March 31. [1]")
    made = cases.make(app, RITA, answer.id)
    assert kept(app) == [made]
    assert (made.kind, made.status, made.owner, made.question) == ("normal", "draft", "rita", QUESTION)
    assert made.as_ == ("everyone", "hr")
    assert made.expect.answer == "They may carry over 5 days, until March 31."
    assert (made.expect.contains, made.expect.sources) == ((("5",), ("31",)), (("docs/leave.md",),))
    assert made.notes == f"From the answer {answer.id}."
    assert load(app.workspace.root).digest == load(app.workspace.root / "nowhere").digest, "a draft counts for nothing"


def test_what_was_rejected_must_never_be_said_again(app: App):
    answer = reviewed(app, reject="wrong")
    made = cases.make(app, RITA, answer.id)
    assert (made.expect.behaviour, made.expect.contains) == ("answer", ())
    assert made.unacceptable == tuple(dict.fromkeys(each.text for each in answer.sentences))
    assert made.unacceptable


@pytest.mark.parametrize(
    ("reason", "becomes"), [("not_for_us", ("abstain", "out_of_scope")), ("unsafe", ("refuse", "sensitive"))]
)
def test_why_it_was_rejected_says_what_should_have_become_of_the_question(app: App, reason: ActReason, becomes: tuple[str, str]):
    made = cases.make(app, RITA, reviewed(app, reject=reason).id)
    assert (made.expect.behaviour, made.kind, made.unacceptable) == (*becomes, ())


def test_personal_data_in_a_question_stays_masked_in_the_file(app: App):
    made = cases.make(app, RITA, reviewed(app, "How many vacation days may eve@example.org carry over?").id)
    assert "eve@example.org" not in made.model_dump_json()
    assert "EMAIL_" in made.question


def test_a_second_click_makes_no_second_case(app: App):
    answer = reviewed(app)
    made = cases.make(app, RITA, answer.id)
    with pytest.raises(Refused, match=f"there is a case of this answer already: {made.id}"):
        cases.make(app, RITA, answer.id)
    assert len(kept(app)) == 1


def test_a_reviewer_adds_drafts_and_nothing_else(app: App):
    made = cases.make(app, RITA, reviewed(app).id)
    with pytest.raises(Refused, match="adds drafts"):
        case_edits.add_draft(app, RITA, made.model_copy(update={"id": "other", "status": "active"}))
    with pytest.raises(Refused, match="a case 'asked-"):
        case_edits.add_draft(app, RITA, made)
    with pytest.raises(NotAllowed):
        cases.make(app, ADA, made.id)


def test_only_who_may_see_all_that_it_rests_on_learns_of_an_answer(app: App):
    answer = reviewed(app, EARNINGS)
    for make in (cases.make, pairs.make):
        with pytest.raises(NotFound, match="there is no answer"):
            make(app, ROB, answer.id)
        with pytest.raises(NotFound, match="there is no answer"):
            make(app, RITA, ask(app, ADA, QUESTION).id)
    assert (kept(app), all_pairs(app)) == ([], [])


def test_where_nothing_can_be_written_it_is_said_in_a_line(app: App):
    answer = reviewed(app)
    (app.workspace.root / "golden").write_text("no folder")
    with pytest.raises((OutsideFailed, Refused, InvalidInput)) as refused:
        cases.make(app, RITA, answer.id)
    assert "\n" not in str(refused.value)


# ---------------------------------------------------------------- pairs


def test_what_an_approved_answer_cites_is_a_good_pair_once(app: App):
    answer = reviewed(app)
    assert pairs.make(app, RITA, answer.id) == pairs.make(app, RITA, answer.id)
    found = all_pairs(app)
    assert {(each.question, each.good, each.by) for each in found} == {(QUESTION, True, "rita")}
    assert len(found) == len({each.document for each in answer.citations})
    with app.database.reading() as tx:
        document = tx.find_document("docs/leave.md")
        [pair] = [each for each in found if each.document == document.id]
        assert tx.slices([(document.number, pair.start, pair.end)]) == [pair.text]


def test_a_passage_that_is_marked_wrong_is_a_bad_pair(app: App):
    answer = reviewed(app)
    number = answer.citations[0].n
    assert pairs.make(app, RITA, answer.id, bad=[number]).bad == 1
    with pytest.raises(InvalidInput, match="no source 99"):
        pairs.make(app, RITA, answer.id, bad=[99])
    other = reviewed(app, "How long may employees carry over vacation days?", reject="wrong_source")
    assert pairs.make(app, RITA, other.id).good == 0
    marked = reviewed(app, "Until when may employees carry over vacation days?", edit="Until March 31. [1]", marks={0: "wrong"})
    assert pairs.make(app, RITA, marked.id).bad >= 1


def test_of_what_nobody_looked_at_nothing_is_learnt(app: App):
    answer = ask(app, ADA, QUESTION)
    admin = ADMINISTRATOR
    with pytest.raises(Refused, match="nobody looked at this answer"):
        pairs.make(app, admin, answer.id)
    assert pairs.make(app, admin, answer.id, bad=[1]) == Made(good=0, bad=1)
    rejected = reviewed(app, "How many vacation days are there?", reject="wrong")
    with pytest.raises(Refused, match="known to be right or wrong"):
        pairs.make(app, RITA, rejected.id)


def test_pairs_go_with_the_words_of_their_document(bench: Bench, app: App):
    pairs.make(app, RITA, reviewed(app).id)
    del bench.source.contents["leave.md"]
    sync(app, ADMINISTRATOR)
    assert not any("carry over" in each.text for each in all_pairs(app))
