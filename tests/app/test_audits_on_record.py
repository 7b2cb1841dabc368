"""An audit counts as long as it is what its entry in the ledger was made of, and the entry names who asked for it."""

from pathlib import Path
from typing import Any

import pytest

from firmground.app.corpus.sync import sync
from firmground.app.launching import audits, live, releases
from firmground.app.launching.policies import adopt
from firmground.app.recording import ledger
from firmground.errors import Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor, digest


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.01}}))
    made.source.contents["leave.md"] = b"# Leave\n\nFive vacation days may be carried over.\n"
    (tmp_path / "policy.toml").write_text("[gate]\n[requirements.unreadable_cases]\n")
    with made.app() as app:
        sync(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            tx.add_person("ann", role="admin")
        adopt(app, ADMINISTRATOR, by="ann", reason="small")
        releases.create(app, ADMINISTRATOR)
    return made


def entry(app: Any) -> Any:
    return ledger.entries(app, ADMINISTRATOR, kinds=["audit.made"])[-1]


def altered(app: Any, id: str, kept: Any) -> None:
    with app.database.transaction() as tx:
        tx.put_fact(audits.AUDITS, id, kept)


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        (Actor(person="ann", role="owner", via="http", key="nightly"), ""),
        (Actor(person="root", role="owner", via="cli", user="somebody"), "somebody"),
    ],
)
def test_whoever_makes_it_the_entry_names_who_asked_for_it(bench: Bench, actor: Actor, user: str) -> None:
    with bench.app() as app:
        job = audits.request(app, actor, release="1")
        app.jobs.work(audits.handlers(app, {}), until=lambda: app.jobs.get(job.id).state == "done")
        made = entry(app)
    assert (made.by, made.via, made.key, made.user) == (actor.person, actor.via, actor.key, user)


def test_an_audit_that_was_changed_in_the_database_counts_as_none_and_is_found(bench: Bench) -> None:
    (bench.root / "golden").mkdir()
    (bench.root / "golden" / "broken.yaml").write_text("- {id: b, question: }\n")
    with bench.app() as app:
        made = audits.run(app, ADMINISTRATOR, release="1", exercising={})
        kept: Any = made.model_dump(mode="json")
        assert entry(app).detail["report"] == digest(kept)
        assert not made.passed
        (bench.root / "golden" / "broken.yaml").unlink()
        altered(app, made.id, {**kept, "rulings": [{**each, "verdict": "pass"} for each in kept["rulings"]]})
        with app.database.reading() as tx:
            assert audits.latest(tx, made.release) is None
        with pytest.raises(Refused):
            live.promote(app, ADMINISTRATOR, "1")
        (fault,) = ledger.verify(app, ADMINISTRATOR).faults
        assert (fault.number, fault.what) == (entry(app).number, "contradicted")
        altered(app, made.id, kept)
        assert ledger.verify(app, ADMINISTRATOR).whole


def test_an_audit_without_an_entry_an_entry_without_its_audit_and_an_earlier_one_as_the_latest_are_found(bench: Bench) -> None:
    with bench.app() as app:
        first = audits.run(app, ADMINISTRATOR, release="1", exercising={})
        second = audits.run(app, ADMINISTRATOR, release="1", exercising={})
        with app.database.transaction() as tx:
            tx.put_fact("audit-latest", first.release, first.id)
        with app.database.reading() as tx:
            assert audits.latest(tx, first.release) is None
        assert "is not the latest" in ledger.verify(app, ADMINISTRATOR).faults[0].said
        with app.database.transaction() as tx:
            tx.put_fact("audit-latest", first.release, second.id)
        altered(app, "made-up", first.model_dump(mode="json"))
        assert "knows of no audit made-up" in ledger.verify(app, ADMINISTRATOR).faults[0].said
        with app.database.transaction() as tx:
            tx.drop_facts(audits.AUDITS, ["made-up", first.id])
        assert "is gone" in ledger.verify(app, ADMINISTRATOR).faults[0].said
