"""What is tried out before a release goes live, and how each of these fails."""

import os
import random
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from firmground.app.access.accounts import create_owner
from firmground.app.app import App
from firmground.app.asking import opinions
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.corpus.uploads import upload
from firmground.app.keeping.backup import locked
from firmground.app.launching import releases
from firmground.app.launching.exercises import tried
from firmground.app.launching.exercising.log import missing
from firmground.app.launching.exercising.personal import clear
from firmground.app.launching.exercising.place import DOCUMENTS, QUESTIONS, planted
from firmground.app.launching.exercising.planting import facts, made_up, questions
from firmground.app.launching.exercising.red_team import exercise as red_team
from firmground.app.launching.exercising.servers import FAILING
from firmground.doors import ROUTES
from firmground.errors import Refused
from firmground.gate.facts import Count, Exercise
from firmground.guard.personal import personal_data
from firmground.language_model import Delta, ModelCall
from firmground.ports import LanguageModel
from firmground.release.record import Release
from firmground.settings import Settings, Workspace
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.testing.model import ScriptedModel
from firmground.types import Trace, Usage
from firmground.web import credentials
from firmground.web import exercises as doors
from firmground.web.exercises import EXERCISES
from firmground.web.inside import Got

DOGS = b"# Dogs\n\nDogs bark in the yard at night.\n"


class Unmoved(Bench):
    """Its language models stay where they are, whatever the settings of the other place say."""

    def beside(self, workspace: Workspace) -> Bench:
        there = super().beside(workspace)
        return Unmoved(**{**{each.name: getattr(there, each.name) for each in fields(there)}, "models": self.models})


class Exploding(ScriptedModel):
    """It fails in a way that nobody planned for."""

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        raise RuntimeError("the model has burst")


def a_bench(place: Path, *models: LanguageModel, kind: type[Bench] = Bench, **answer: object) -> Bench:
    """With a threshold so low that whatever fits at all is an answer."""
    answer = {"threshold": 0.001, **({"model": models[0].name} if models else {}), **answer}
    made = kind(place, settings=Settings.model_validate({"answer": answer}), models={each.name: each for each in models})
    made.source.contents["dogs.md"] = DOGS
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


def do(bench: Bench, name: str) -> Exercise:
    with bench.app() as app:
        release, _ = releases.create(app, ADMINISTRATOR)
        return tried(app, release, name, EXERCISES[name])


# ---------------------------------------------------------------- all of them


def test_nothing_of_an_exercise_is_left_in_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tuple(each for place, each in enumerate(red_team.attacks()) if place % 40 == 0)
    monkeypatch.setattr(red_team, "attacks", lambda: few)
    with a_bench(tmp_path).app() as app:
        release, _ = releases.create(app, ADMINISTRATOR)
        with app.database.reading() as tx:
            before = (tx.corpus_version(), len(tx.documents()), len(tx.traces()), len(tx.entries()), len(tx.accounts()))
        for name, exercise in EXERCISES.items():
            assert tried(app, release, name, exercise).tried
        with app.database.reading() as tx:
            assert before == (tx.corpus_version(), len(tx.documents()), len(tx.traces()), len(tx.entries()), len(tx.accounts()))


def test_what_a_killed_one_left_is_removed_and_nothing_that_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = ("firmground-audit-left", "firmground-audit-young", "firmground-audit-used", "others")
    left, young, used, other = (tmp_path / name for name in names)
    for each in (left, young, used, other):
        each.mkdir()
        (each / "file").write_text("left")
    minute_ago = time.time() - 60
    for each in (left, used, other):
        os.utime(each, (minute_ago, minute_ago))
    (tmp_path / "place").mkdir()
    with locked(used), a_bench(tmp_path / "place").app() as app, planted(app, releases.show(app, ADMINISTRATOR, "candidate"), {}):
        assert [each.exists() for each in (left, young, used, other)] == [False, True, True, True]


def test_an_exercise_that_raises_has_failed_and_says_why(tmp_path: Path) -> None:
    def broken(app: App, release: Release) -> Exercise:
        raise ValueError("Jane Doe earns 90,000")

    with a_bench(tmp_path).app() as app:
        made = tried(app, releases.show(app, ADMINISTRATOR, "candidate"), "log", broken)
    assert (made.name, made.passed, made.tried) == ("log", False, 0)
    assert made.said == "it could not be tried: ValueError", "what it says may quote a document"


def test_an_exercise_that_comes_to_no_end_has_failed(tmp_path: Path) -> None:
    left = threading.Event()

    def endless(app: App, release: Release) -> Exercise:
        left.wait(30)
        raise AssertionError

    with a_bench(tmp_path).app() as app:
        made = tried(app, releases.show(app, ADMINISTRATOR, "candidate"), "log", endless, seconds=0.05)
    left.set()
    assert not made.passed
    assert "did not end" in made.said


def test_the_release_itself_answers_in_the_planted_place_whatever_the_workspace_says_now(tmp_path: Path) -> None:
    bench = a_bench(tmp_path)
    with bench.app() as app:
        release, _ = releases.create(app, ADMINISTRATOR)
    bench.settings = Settings.model_validate({"answer": {"threshold": 1.0, "refusal": "No."}, "index": {"chunk_tokens": 64}})
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        with planted(app, release) as place:
            trace = place.ask(QUESTIONS[0])
    assert trace.answer.release == release.spec.digest
    assert trace.answer.status in {"answered", "weak"}
    assert {passage.uri for passage in trace.evidence} <= {f"uploads/{name}" for name in DOCUMENTS}


# ---------------------------------------------------------------- personal data


def test_every_kind_that_is_looked_for_is_planted_and_recognised() -> None:
    for seed in range(200):
        values = made_up(random.Random(seed))
        for kind, fact in facts(values).items():
            [span] = personal_data(fact)
            assert (span.kind, fact[span.start : span.end]) == (kind, values[kind])
        for kind, question in zip(values, questions(values)[len(values) :], strict=True):
            [span] = personal_data(question)
            assert (span.kind, question[span.start : span.end]) == (kind, values[kind])


def test_a_value_is_found_however_it_is_set_in_groups_and_only_where_it_is() -> None:
    values = {"iban": "GB33BUKB20201555555555", "card": "4539148803436467"}
    assert clear("pay to GB33 BUKB 2020 1555 5555 55", values) == ["iban"]
    assert clear("card 4539-1488-0343-6467", values) == ["card"]
    assert clear("pay to [iban], card [card]", values) == []


def with_mode(bench: Bench, mode: str, questions: str = "mask") -> Bench:
    """Uploads are the one source of this workspace."""
    given = {"uploads": {"personal_data": mode}, "guard": {"questions": questions}}
    return replace(bench, settings=Settings.model_validate({**bench.settings.model_dump(), **given}))


@pytest.mark.parametrize("questions", ["mask", "refuse"])
def test_nothing_is_in_the_clear_where_the_settings_say_mask(tmp_path: Path, questions: str) -> None:
    made = do(with_mode(a_bench(tmp_path, ScriptedModel()), "mask", questions), "personal_data")
    assert (made.findings, made.passed, made.failed) == ((), True, 0)
    assert made.tried > 50
    assert f"uploads: mask; questions: {questions}" in made.said


def test_a_document_that_waits_for_a_person_tells_nothing(tmp_path: Path) -> None:
    made = do(with_mode(a_bench(tmp_path), "quarantine"), "personal_data")
    assert (made.findings, made.passed) == ((), True)


def test_questions_that_stay_as_they_are_fail_it_by_place_and_kind(tmp_path: Path) -> None:
    made = do(with_mode(a_bench(tmp_path, ScriptedModel()), "mask", "allow"), "personal_data")
    assert not made.passed
    assert made.failed == sum(len(each.partition(": ")[2].split(", ")) for each in made.findings) < made.tried
    kinds = "email, phone, iban, card, ip, national_id, birth_date, secret"
    assert f"of a question, kept as the question of an answer: {kinds}" in made.findings
    assert [each for each in made.findings if each.startswith("of a question, sent to a language model: ")]
    assert not [each for each in made.findings if "ledger" in each or "the process" in each or "of a document" in each]


def test_documents_that_may_hold_personal_data_are_counted(tmp_path: Path) -> None:
    bench = with_mode(a_bench(tmp_path), "allow")
    with bench.app() as app:
        upload(app, ADMINISTRATOR, "people.md", [b"# People\n\nAsk greta.holm@lighthouse.test about it.\n"], ["everyone"])
        upload(app, ADMINISTRATOR, "cats.md", [b"# Cats\n\nCats sleep on the roof by day.\n"], ["everyone"])
        sync(app, ADMINISTRATOR)
    made = do(bench, "personal_data")
    assert (made.passed, made.counts) == (True, {"in the clear in uploads": Count(events=1, of=2)})
    assert made.notable == ("1 of 2 documents in the clear in uploads, as the settings allow",)


def test_the_models_of_the_release_are_not_asked_about_planted_persons(tmp_path: Path) -> None:
    model = ScriptedModel()
    do(a_bench(tmp_path, model), "personal_data")
    assert not model.calls


# ---------------------------------------------------------------- fallback


def test_answers_go_on_as_quotes_while_models_fail_in_every_way(tmp_path: Path) -> None:
    model = ScriptedModel()
    made = do(a_bench(tmp_path, model), "fallback")
    assert (made.passed, made.tried, made.findings) == (True, len(FAILING) * len(QUESTIONS), ())
    assert not model.calls, "its real server was not asked"


def test_a_release_without_models_is_tried_as_well(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path), "fallback")
    assert (made.passed, made.tried) == (True, len(QUESTIONS))


def test_an_error_that_reaches_the_asker_fails_the_fallback(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path, Exploding(), kind=Unmoved), "fallback")
    assert not made.passed
    assert made.findings[0] == "model gone: no answer, but an error (RuntimeError)"


def test_a_model_that_was_not_gone_fails_the_fallback(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path, ScriptedModel(), kind=Unmoved), "fallback")
    assert not made.passed
    assert "the answer is by scripted/model, which was out of reach" in made.findings[0]


def test_a_fallback_in_which_no_model_was_asked_has_tried_nothing(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path, ScriptedModel(), threshold=1.0), "fallback")
    assert not made.passed
    assert "nothing was tried" in made.said


# ---------------------------------------------------------------- what is kept


def test_everything_is_kept_of_answers_with_and_without_a_model(tmp_path: Path) -> None:
    for name, models in (("quotes", ()), ("written", (ScriptedModel(),))):
        (tmp_path / name).mkdir()
        made = do(a_bench(tmp_path / name, *models), "log")
        assert (made.passed, made.tried, made.findings) == (True, len(QUESTIONS), ())


def test_a_price_that_is_not_known_is_missed(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path, ScriptedModel(cost_per_token=None)), "log")
    assert made.findings == ("an answer was kept without its tokens and cost",)


def test_models_that_say_nothing_leave_open_what_is_kept_of_them(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path, Exploding(), kind=Unmoved), "log")
    assert not made.passed
    assert [each for each in made.findings if "no answer was kept" in each]


@pytest.mark.parametrize(
    ("name", "answer", "trace"),
    [
        ("its question", {}, {"asked": ""}),
        ("who asked", {}, {"person": ""}),
        ("who asked", {}, {"groups": ()}),
        ("its evidence", {}, {"evidence": ()}),
        ("its output", {"text": ""}, {}),
        ("its output", {"model": "some/model"}, {"outputs": ()}),
        ("its steps", {}, {"steps": ()}),
        ("the time of each stage", {"timings_ms": {"total": 3.0}}, {}),
        ("its tokens and cost", {"usage": Usage(cost_usd=None)}, {}),
        ("its release", {"release": "another"}, {}),
        ("the version of the corpus", {"corpus": ""}, {}),
        ("its outcome", {"reasons": ()}, {}),
    ],
)
def test_a_field_that_is_missing_is_named(
    name: str, answer: dict[str, Any], trace: dict[str, Any], kept: tuple[Trace, Release]
) -> None:
    whole, release = kept
    assert missing(whole, QUESTIONS[0], release) == []
    changed = whole.model_copy(update={"answer": whole.answer.model_copy(update=answer), **trace})
    assert name in missing(changed, QUESTIONS[0], release)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Release]:
    with a_bench(tmp_path_factory.mktemp("kept"), ScriptedModel()).app() as app:
        release, _ = releases.create(app, ADMINISTRATOR)
        with planted(app, release) as place:
            return place.ask(QUESTIONS[0]), release


# ---------------------------------------------------------------- doors


def test_feedback_is_given_on_the_page_of_an_answer(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path), "feedback")
    assert (made.passed, made.tried, made.findings) == (True, 2, ())


def test_a_page_without_the_forms_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doors.send

    async def without_forms(*args: Any, **more: Any) -> Got:
        got = await real(*args, **more)
        return got._replace(text=got.text.replace("<form", "<div"))

    monkeypatch.setattr(doors, "send", without_forms)
    made = do(a_bench(tmp_path), "feedback")
    assert made.findings == tuple(f"the page of an answer has no form for a thumb {verdict}" for verdict in ("up", "down"))


def test_a_thumb_that_is_refused_or_lost_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("no more thumbs", "stop")

    bench = a_bench(tmp_path)
    monkeypatch.setattr(opinions, "rate", refuse)
    assert do(bench, "feedback").findings == tuple(f"a thumb {way} is refused (status 409)" for way in ("up", "down"))
    monkeypatch.setattr(opinions, "rate", lambda *_, **__: None)
    assert do(bench, "feedback").findings == tuple(f"a thumb {way} is taken, and not kept" for way in ("up", "down"))


def test_without_an_owner_whoever_reaches_the_server_may_do_everything(tmp_path: Path) -> None:
    made = do(a_bench(tmp_path), "access")
    assert made.findings == ("there is no owner here, so whoever reaches the server may do everything",)


def test_with_an_owner_every_route_refuses_who_shows_nothing(tmp_path: Path) -> None:
    bench = a_bench(tmp_path)
    with bench.app() as app:
        create_owner(app, "ann", secrets.token_urlsafe(20))
    made = do(bench, "access")
    assert (made.passed, made.findings) == (True, ())
    assert made.tried > 100


def test_a_route_that_answers_without_credentials_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "OPEN", credentials.OPEN | {"/v1/models"})
    monkeypatch.setitem(ROUTES, "GET /v1/models", "open")
    made = do(a_bench(tmp_path), "access")
    assert "GET /v1/models answers without credentials (status 200)" in made.findings


def test_passwords_that_everybody_tries_first_are_found(tmp_path: Path) -> None:
    bench = a_bench(tmp_path)
    with bench.app() as app:
        create_owner(app, "ann", "firmground123")
    assert do(bench, "access").findings == ("the password of an owner is too weak: every owner should set a new one",)


def test_the_exercises_ask_as_people_do(tmp_path: Path) -> None:
    with a_bench(tmp_path).app() as app:
        release, _ = releases.create(app, ADMINISTRATOR)
        with planted(app, release) as place:
            first, again = (place.ask(QUESTIONS[0]) for _ in range(2))
        assert again.cached_from == first.answer.id, "the memory of answers is part of the path"
        assert ask(app, ADMINISTRATOR, "What do dogs do in the yard?").status in {"answered", "weak"}
