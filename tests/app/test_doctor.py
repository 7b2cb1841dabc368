"""What the doctor says of how the server is reached, and of what lies about."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from firmground.app.access import accounts
from firmground.app.doctor import doctor
from firmground.app.launching import exercises
from firmground.gate.facts import Exercise
from firmground.gate.policy import TEMPLATE
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench


@pytest.mark.parametrize(
    ("serve", "state"), [({}, "warning"), ({"url": "https://ask.example.org"}, "ok"), ({"hosts": ["ask.example.org"]}, "ok")]
)
def test_a_server_with_accounts_should_know_its_names(tmp_path: Path, serve: dict[str, object], state: str):
    with Bench(tmp_path, settings=Settings.model_validate({"serve": serve})).app() as app:
        assert "hosts" not in {check.name for check in doctor(app, ADMINISTRATOR, [])}, "until then it knows them"
        accounts.create_owner(app, "ada", "correct horse battery")
        [check] = [check for check in doctor(app, ADMINISTRATOR, []) if check.name == "hosts"]
        assert check.state == state
        assert bool(check.remedy) == (state == "warning")


def told(bench: Bench) -> dict[str, str]:
    with bench.app() as app:
        return {check.name: check.detail for check in doctor(app, ADMINISTRATOR, []) if check.state != "ok"}


def test_a_policy_or_a_brief_that_cannot_be_read_is_named(tmp_path: Path):
    bench = Bench(tmp_path)
    assert not {"policy.toml", "brief.toml"} & told(bench).keys()
    (tmp_path / "policy.toml").write_text("[gate\n")
    (tmp_path / "brief.toml").write_text("[nobody]\nknows = 1\n")
    assert {"policy.toml", "brief.toml"} <= told(bench).keys()


def test_what_a_restore_put_aside_long_ago_is_named(tmp_path: Path):
    bench = Bench(tmp_path)
    for name, days in (("old", 8), ("new", 6)):
        folder = tmp_path / ".firmground" / f"before-restore-{name}"
        folder.mkdir(parents=True)
        at = (bench.clock.now - timedelta(days=days)).timestamp()
        os.utime(folder, (at, at))
    assert "before-restore-old" in told(bench)["aside"]


def test_a_drill_that_is_older_than_the_policy_allows_is_named(tmp_path: Path):
    bench = Bench(tmp_path)
    (tmp_path / "policy.toml").write_text(TEMPLATE)
    assert "drill" not in told(bench)
    for days, named in ((89, False), (91, True)):
        at = bench.clock.now - timedelta(days=days)
        with bench.app() as app, app.database.transaction() as tx:
            done = Exercise(name="restore", at=at, passed=True, tried=1, said="")
            tx.put_fact(exercises.EXERCISES, "restore", done.model_dump(mode="json"))
        assert ("drill" in told(bench)) == named
