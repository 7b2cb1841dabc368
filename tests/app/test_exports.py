"""What people made of answers is handed out whole, without names, and not to everybody."""

import csv
import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting, queue
from firmground.app.teaching.exports import exported
from firmground.errors import InvalidInput, NotAllowed
from firmground.lessons import Pair
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

LEAVE = (
    b"# Leave\n\nEmployees may carry over five vacation days into the next year.\n\n# Tower\n\nThe tower has ninety-one steps.\n"
)


@pytest.fixture
def app(tmp_path: Path) -> Generator[Any]:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents["leave.md"] = LEAVE
    with bench.app() as made:
        sync(made, ADMINISTRATOR)
        yield made


def rows(app: Any, form: str = "jsonl", dataset: str = "feedback") -> list[dict[str, Any]]:
    return [json.loads(line) for line in "".join(exported(app, ADMINISTRATOR, dataset, form)).splitlines()]


def test_an_answer_that_nobody_said_anything_about_is_not_in_it(app: Any):
    ask(app, COLLEAGUE, "How many vacation days may I carry over?")
    assert rows(app) == []
    assert json.loads("".join(exported(app, ADMINISTRATOR, "feedback", "label-studio"))) == []


def test_feedback_is_told_with_question_evidence_release_and_what_was_said_but_no_name(app: Any):
    first = ask(app, COLLEAGUE, "How many vacation days may I carry over?")
    ask(app, COLLEAGUE, "How many steps has the tower?")
    opinions.rate(app, COLLEAGUE, first.id, "down", reason="incomplete", comment="=SUM(A1) by when?")
    [row] = rows(app)
    assert (row["answer"], row["question"], row["release"]) == (first.id, first.question, first.release)
    assert any("carry over five vacation days" in each["text"] for each in row["passages"])
    [thumb] = row["thumbs"]
    assert (thumb["verdict"], thumb["reason"], thumb["comment"]) == ("down", "incomplete", "=SUM(A1) by when?")
    assert "colleague" not in json.dumps(row)


def test_what_reviewers_decided_is_told_in_all_forms(app: Any):
    answer = ask(app, COLLEAGUE, "How many vacation days may I carry over?")
    opinions.ask_person(app, COLLEAGUE, answer.id)
    [waiting] = queue.listed(app, ADMINISTRATOR).items
    item = acting.claim(app, ADMINISTRATOR, waiting.item.id, revision=waiting.item.revision)
    acting.edit(app, ADMINISTRATOR, item.id, revision=item.revision, reason="incomplete", text="Five days, until March. [1]")
    [row] = rows(app)
    assert row["outcomes"] == ["edited"]
    assert [(each["act"], each["reason"], each["text"]) for each in row["reviews"]] == [
        ("edit", "incomplete", "Five days, until March. [1]")
    ]
    [task] = json.loads("".join(exported(app, ADMINISTRATOR, "feedback", "label-studio")))
    results = {each["from_name"]: each["value"] for each in task["annotations"][0]["result"]}
    assert results == {"verdict": {"choices": ["edit"]}, "correction": {"text": ["Five days, until March. [1]"]}}
    assert task["data"]["question"] == answer.question


def test_a_spreadsheet_sees_text_where_somebody_wrote_a_formula(app: Any):
    answer = ask(app, COLLEAGUE, "=2+3 vacation days: how many may I carry over?")
    opinions.rate(app, COLLEAGUE, answer.id, "up")
    [row] = csv.DictReader(io.StringIO("".join(exported(app, ADMINISTRATOR, "feedback", "csv"))))
    assert row["question"] == f"'{answer.question}"
    assert json.loads(row["thumbs"])[0]["verdict"] == "up"


def test_pairs_are_told_with_their_passage(app: Any):
    answer = ask(app, COLLEAGUE, "How many vacation days may I carry over?")
    with app.database.transaction() as tx:
        document = tx.find_document("leave.md")
        fields = {"id": "p", "question": answer.question, "document": document.id, "start": 0, "end": 7, "text": "# Leave"}
        tx.save_pair(Pair(**fields, good=True, answer=answer.id, by="rev", at=app.clock()))
    [pair] = rows(app, dataset="pairs")
    assert (pair["question"], pair["text"], pair["good"]) == (answer.question, "# Leave", True)
    assert "rev" not in pair.values()


def test_more_answers_than_are_read_at_once_come_oldest_first(app: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("firmground.app.teaching.exports._AT_ONCE", 2)
    made = [ask(app, COLLEAGUE, f"How many vacation days may I carry over in {year}?").id for year in range(2020, 2025)]
    for id in made:
        opinions.rate(app, COLLEAGUE, id, "up")
    assert [row["answer"] for row in rows(app)] == made


def test_it_is_recorded_who_took_it_out(app: Any):
    list(exported(app, ADMINISTRATOR, "feedback", "csv"))
    with app.database.reading() as tx:
        [entry] = tx.entries(kinds={"dataset.exported"})
    assert (entry.by, entry.subject, entry.detail) == ("admin", "feedback", {"form": "csv"})


@pytest.mark.parametrize(
    ("dataset", "form", "said"),
    [
        ("thumbs", "csv", "there is no dataset 'thumbs': use one of feedback, pairs"),
        ("feedback", "xls", "feedback cannot be exported as 'xls': use jsonl, csv, label-studio"),
        ("pairs", "label-studio", "pairs cannot be exported as 'label-studio': use jsonl, csv"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(app: Any, dataset: str, form: str, said: str):
    with pytest.raises(InvalidInput) as caught:
        exported(app, ADMINISTRATOR, dataset, form)
    assert str(caught.value) == said


def test_nobody_but_who_sees_everything_may_take_it_out(app: Any):
    with pytest.raises(NotAllowed, match="colleague may not export feedback"):
        exported(app, COLLEAGUE, "feedback")
    with app.database.reading() as tx:
        assert tx.entries(kinds={"dataset.exported"}) == []
