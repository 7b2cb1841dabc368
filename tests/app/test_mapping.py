"""The mapping to standards is computed from the workspace as it really is."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firmground.app.access import accounts, keys
from firmground.app.access.passwords import Passwords
from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import evaluation
from firmground.app.launching import audits, exercises, live, releases, standards
from firmground.app.launching.standards_report import as_json, as_markdown, as_page
from firmground.errors import NotAllowed, NotFound
from firmground.gate.facts import Exercise
from firmground.gate.policy import TEMPLATE
from firmground.gate.standards import Row
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

CASES = "- {id: leave, question: how many vacation days may I carry over?, expect: {contains: [five], sources: [leave.md]}}\n"


def a_bench(place: Path, **settings: Any) -> Bench:
    bench = Bench(place, settings=Settings.model_validate({"answer": {"threshold": 0.001}, **settings}))
    bench.source.contents["leave.md"] = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
    (place / "golden").mkdir()
    (place / "golden" / "all.yaml").write_text(CASES)
    return bench


@pytest.fixture
def app(tmp_path: Path) -> Generator[App]:
    with a_bench(tmp_path).app() as app:
        sync(app, ADMINISTRATOR)
        yield app


def rows(app: App, edition: str = "nist-ai-600-1") -> dict[str, Row]:
    [found] = standards.run(app, ADMINISTRATOR, editions=[edition])
    return {row.id: row for row in found.rows}


def test_a_setting_that_is_switched_off_is_told_as_off(tmp_path: Path):
    told: list[Row] = []
    for number, on in enumerate((True, False)):
        (tmp_path / str(number)).mkdir()
        with a_bench(tmp_path / str(number), guard={"quarantine_instructions": on}).app() as app:
            told.append(rows(app, "owasp-llm-2026")["LLM01:2026"])
    assert [sum("orders to a model" in each for each in row.controls) for row in told] == [1, 0]
    assert ["quarantine" in {each.control for each in row.off} for row in told] == [False, True]


def test_accounts_and_keys_count_from_the_moment_they_are_made(app: App):
    app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
    assert {"accounts"} <= {each.control for each in rows(app)["2.9"].off}
    accounts.create_owner(app, "ada", "correct horse battery")
    assert "People sign in; nobody asks without an account or a key." in rows(app)["2.9"].controls
    keys.add_key(app, ADMINISTRATOR, "ci", person="ada", days=30)
    assert "Each of the 1 keys of programs expires." in rows(app)["2.9"].controls


def test_policy_and_record_count_as_they_are_at_this_moment(app: App):
    def govern() -> str:
        return " ".join(rows(app, "nist-ai-rmf-1.0")["GOVERN 1"].controls)

    before = govern()
    assert "requirements" not in before
    (app.workspace.root / "policy.toml").write_text(TEMPLATE)
    assert "requirements are asked" in govern()
    (app.workspace.root / "policy.toml").write_text("[gate\n")
    assert "requirements" not in govern()
    releases.create(app, ADMINISTRATOR)
    assert govern() != before
    assert "recorded in a chain" in govern()


def test_the_figure_is_the_newest_of_the_release_and_of_the_documents_as_they_are(app: App):
    assert rows(app)["2.2"].measurements == ()
    made = evaluation.run(app, ADMINISTRATOR)
    figures = {each.label: each for each in rows(app)["2.2"].measurements}
    assert figures["answered wrongly"].href == f"/evaluations/{made.id}"
    assert figures["answered wrongly"].value.startswith("0 of 1 cases")
    (app.workspace.root / "golden" / "more.yaml").write_text("- {id: new, question: is it new?}\n")
    assert rows(app)["2.2"].measurements == ()


def test_what_was_tried_counts_for_the_release_it_was_tried_on(app: App):
    recipe = releases.digest_of(app, releases.CANDIDATE)
    tried = Exercise(name="personal_data", at=app.clock(), passed=True, tried=4, said="Masked each time.")
    with app.database.transaction() as tx:
        exercises.keep(tx, "another", tried)
    assert rows(app)["2.4"].measurements == ()
    with app.database.transaction() as tx:
        exercises.keep(tx, recipe, tried)
    assert [each.value for each in rows(app)["2.4"].measurements] == ["passed: 0 of 4 failed. Masked each time."]


def test_it_is_of_what_is_live_and_an_exception_is_no_passed_gate(app: App, tmp_path: Path):
    (tmp_path / "policy.toml").write_text(TEMPLATE)
    releases.create(app, ADMINISTRATOR)
    audits.run(app, ADMINISTRATOR, release="1", exercising={})
    live.promote(app, ADMINISTRATOR, "1", reason="To show it.", override=True, demonstration=True)
    [found] = standards.run(app, ADMINISTRATOR, editions=["nist-ai-rmf-1.0"])
    assert found.number == 1
    manage = {row.id: row for row in found.rows}["MANAGE 1"]
    assert "gate" in {each.control for each in manage.off}
    assert [each.label for each in manage.measurements] == ["audit"]


def test_only_administrators_read_it_and_other_editions_are_none(app: App):
    with pytest.raises(NotAllowed):
        standards.run(app, COLLEAGUE)
    with pytest.raises(NotFound):
        standards.run(app, ADMINISTRATOR, editions=["owasp-llm-2030"])


def test_the_report_says_the_same_in_every_form(app: App):
    found = standards.run(app, ADMINISTRATOR)
    page, markdown = as_page(found), as_markdown(found)
    for each in found:
        assert each.standard.url in markdown
        for row in each.rows:
            assert row.id in page
            assert f"| {f'{row.id} {row.title}'.strip()} | " in markdown
    assert '"edition": "nist-ai-600-1"' in as_json(found)
    assert timedelta(0) <= app.clock() - found[0].created_at
