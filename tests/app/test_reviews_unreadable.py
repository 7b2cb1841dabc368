"""Words of a reviewer that cite nothing may rest on whatever they read: they are for who may read all of that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.asking.traces import conversation_of
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting
from firmground.rights import Role
from firmground.serve.trace import ERASED
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, Answer

QUESTION = "What does a senior surveyor earn, and how many vacation days may employees carry over?"
LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
SALARIES = b"# Salaries\n\nA senior surveyor earns 61,000 euro before tax.\n"


def person(name: str, *groups: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone", *groups}), role=role)


ADA, ADA_LATER, RITA = person("ada", "hr"), person("ada"), person("rita", "hr", role="reviewer")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    review = ReviewSection(rules=(RuleSection(name="all", then="hold"),))
    made = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001), review=review))
    made.source.contents.update({"leave.md": LEAVE, "salaries.md": SALARIES})
    made.source.file_groups = {"salaries.md": ("hr",)}
    with made.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def decided(app: App, act: str, text: str = "", note: str = "") -> tuple[Answer, dict[str, int]]:
    """The answer, and by which number each document is cited in it."""
    given = ask(app, ADA, QUESTION)
    with app.database.reading() as tx:
        (item,) = tx.items_of([given.id])
        trace = tx.trace(given.id)
    assert trace
    assert trace.draft
    numbers = {each.uri.removeprefix("docs/"): each.n for each in trace.draft.citations}
    text = text.format(**{name.removesuffix(".md"): f"[{n}]" for name, n in numbers.items()})
    if act == "edit":
        acting.edit(app, RITA, item.id, revision=item.revision, text=text, reason="wording", note=note)
    elif act == "reject":
        acting.reject(app, RITA, item.id, revision=item.revision, reason="wrong", note=note)
    else:
        acting.approve(app, RITA, item.id, revision=item.revision, note=note)
    return given, numbers


def test_an_edit_with_a_sentence_that_cites_nothing_is_hidden_as_a_whole_from_who_lost_a_document(app: App):
    given, _ = decided(app, "edit", "Five days. {leave} Surveyors get sixty-one thousand.")
    assert "sixty-one" in show(app, ADA, given.id).answer.text
    lost = show(app, ADA_LATER, given.id)
    assert lost.answer.text == ERASED
    assert "sixty" not in lost.model_dump_json()
    with app.database.reading() as tx:
        assert "sixty" not in str(conversation_of(tx, ADA_LATER, given.conversation))


def test_an_edit_that_cites_all_it_says_loses_what_rests_on_the_document_alone(app: App):
    given, _ = decided(app, "edit", "Five days. {leave} Sixty-one thousand. {salaries}")
    lost = show(app, ADA_LATER, given.id).answer
    assert "Five days." in lost.text
    assert "thousand" not in lost.model_dump_json()


@pytest.mark.parametrize("act", ["edit", "approve", "reject"])
def test_what_a_reviewer_writes_beside_a_decision_is_hidden_from_who_lost_a_document(app: App, act: str):
    given, _ = decided(app, act, "Five days. {leave}", note="It is sixty-one thousand, by the way.")
    assert "sixty-one" in show(app, ADA, given.id).model_dump_json()
    assert "sixty-one" not in show(app, ADA_LATER, given.id).model_dump_json()


def test_who_shares_an_answer_and_lost_nothing_reads_all_of_it(app: App):
    given, _ = decided(app, "edit", "Five days. {leave} Surveyors get sixty-one thousand.")
    opinions.share(app, ADA, given.id)
    assert "sixty-one" in show(app, person("bea", "hr"), given.id).answer.text
    assert "sixty-one" in show(app, person("anna", role="admin"), given.id).answer.text
