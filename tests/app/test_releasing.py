"""Releases are recipes under a number: frozen, compared, asked again."""

from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking import prompting as prompts
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.launching import releases
from firmground.errors import Damaged, InvalidInput, NotAllowed, NotFound, Refused
from firmground.release.record import differences
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.model import ScriptedModel

QUESTION = "What do dogs do in the yard?"
PROMPT = prompts.packaged("answer")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=settings())
    made.source.contents["dogs.md"] = b"# Dogs\n\nDogs bark in the yard at night.\n"
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


def settings(**answer: object) -> Settings:
    return Settings.model_validate({"answer": {"threshold": 0.01, **answer}})


def test_a_release_answers_as_it_did_when_the_workspace_has_moved_on(bench: Bench) -> None:
    with bench.app() as app:
        first, _ = releases.create(app, ADMINISTRATOR)
    bench.settings = settings(refusal="Sorry.", out_of_scope=["What do dogs do in the yard?"])
    with bench.app() as app:
        assert ask(app, ADMINISTRATOR, QUESTION).status == "out_of_scope"
        for reference in ("1", first.spec.digest, first.spec.digest[:8]):
            answer = ask(app, ADMINISTRATOR, QUESTION, release=reference)
            assert answer.status in {"answered", "weak"}
            assert answer.release == first.spec.digest


def test_an_answer_says_truthfully_how_far_it_is_released(bench: Bench) -> None:
    def told(app: App, **which: str) -> tuple[str, str]:
        notice = ask(app, ADMINISTRATOR, QUESTION, **which).notices[-2]
        return notice.code, notice.text

    with bench.app() as app:
        assert told(app) == ("not_released", "Nothing was released yet: this is the workspace as it stands.")
        releases.create(app, ADMINISTRATOR)
        for which in ({}, {"release": "1"}):
            assert told(app, **which) == ("not_live", "What answered is released, but not live.")
    bench.settings = settings(refusal="Sorry.")
    with bench.app() as app:
        assert told(app) == ("not_released", "This is the workspace as it stands, which differs from every release.")


def test_numbers_count_up_and_the_same_recipe_keeps_its_own(bench: Bench) -> None:
    with bench.app() as app:
        assert releases.create(app, ADMINISTRATOR, note=" one ")[0].note == "one"
    bench.settings = settings(max_sentences=1)
    with bench.app() as app:
        assert releases.create(app, ADMINISTRATOR)[0].number == 2
    bench.settings = settings()
    with bench.app() as app:
        again, new = releases.create(app, ADMINISTRATOR, note="other words")
        assert (again.number, again.note, new) == (1, "one", False)
        assert [each.number for each in releases.listed(app, ADMINISTRATOR)] == [2, 1]
        assert releases.show(app, ADMINISTRATOR, "candidate").number == 1


def test_a_difference_names_settings_and_shows_prompts_line_by_line(bench: Bench) -> None:
    bench.models["local/a"] = ScriptedModel()
    (bench.root / "prompts").mkdir()
    (bench.root / "prompts" / "answer.md").write_text(PROMPT)
    bench.settings = settings(model="local/a")
    with bench.app() as app:
        first, _ = releases.create(app, ADMINISTRATOR)
    (bench.root / "prompts" / "answer.md").write_text(PROMPT + "\nBe kind.\n")
    bench.settings = settings(model="local/a", temperature=0.3)
    with bench.app() as app:
        found = releases.diff(app, ADMINISTRATOR, "1")
        assert [(each.kind, each.name) for each in found][:2] == [("setting", "answer.temperature"), ("prompt", "prompt")]
        assert (found[0].before, found[0].after) == (0.0, 0.3)
        assert "+Be kind." in str(found[1].after).splitlines()
        assert differences(first, first) == []


def test_what_cannot_be_a_release_is_refused_in_a_line(bench: Bench) -> None:
    with bench.app() as app:
        for use in (releases.create, releases.listed):
            with pytest.raises(Refused):
                use(app, COLLEAGUE)
        with pytest.raises(InvalidInput, match="note"):
            releases.create(app, ADMINISTRATOR, note="x" * 2001)
        with pytest.raises(NotFound, match="no release '3'"):
            releases.show(app, ADMINISTRATOR, "3")
        releases.create(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            tx.put_fact("release", "1", {"number": 1, "of": "the future"})
        with pytest.raises(Damaged, match="release 1 cannot be read"):
            releases.listed(app, ADMINISTRATOR)


def test_only_administrators_ask_another_release_than_the_one_that_is_live(bench: Bench) -> None:
    with bench.app() as app:
        old, _ = releases.create(app, ADMINISTRATOR)
        assert ask(app, COLLEAGUE, QUESTION, release="1").release == old.spec.digest
    bench.settings = settings(out_of_scope=[QUESTION])
    with bench.app() as app:
        now, _ = releases.create(app, ADMINISTRATOR)
        refusals: set[str] = set()
        for reference in ("1", old.spec.digest, old.spec.digest[:8], "99", "abcdef", "nonsense"):
            with pytest.raises(NotAllowed) as refused:
                ask(app, COLLEAGUE, QUESTION, release=reference)
            refusals.add(str(refused.value))
        assert len(refusals) == 1, "what exists is not told"
        for reference in ("live", "candidate", "2", now.spec.digest, now.spec.digest[:8]):
            assert ask(app, COLLEAGUE, QUESTION, release=reference).status == "out_of_scope"
        assert ask(app, ADMINISTRATOR, QUESTION, release="1").status != "out_of_scope"
