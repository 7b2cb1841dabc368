"""What waited to be told when a backup was made may have been told since: a restore sends none of it again by itself."""

from pathlib import Path

import pytest
from notified import MAIL, MONDAY, a_bench, a_route, tell, told

from firmground.app.keeping import backup, restore
from firmground.app.notifying import routes
from firmground.app.notifying.delivering import deliver_now
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench, Ticking


def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, restore.Restored]:
    """Two messages waited, were sent, and came back with the backup."""
    monkeypatch.setenv("CHAT_URL", "https://chat.example.org/hook")
    monkeypatch.setenv("CHAT_SECRET", "s3cret")
    root = tmp_path / "shop"
    root.mkdir()
    (root / "firmground.toml").write_text("")
    chat, other = a_route("chat", events=["review.*"]), a_route("other", events=["pin.*"])
    bench = Bench(root, settings=Settings(notifications=(chat, other), mail=MAIL), clock=Ticking(MONDAY))
    with bench.app() as app:
        tell(app, about="one")
        tell(app, "pin.stale", about="two")
        backup.backup(app, ADMINISTRATOR, tmp_path / "shop.zip")
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 2
        made = restore.restore(app, ADMINISTRATOR, tmp_path / "shop.zip")
    return bench, made


def test_what_waited_in_a_backup_is_held_after_the_restore_and_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bench, made = restored(tmp_path, monkeypatch)
    assert made.held == 2
    with bench.app() as app:
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 2, "before the restore"
        assert [each.state for each in told(app)] == ["held", "held"]
        assert {each.name: each.held for each in routes.routes(app, ADMINISTRATOR)}["chat"] == 1
        assert any("are held" in each.detail for each in routes.checks(app))
        tell(app, about="three")
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 3, "what happens from now on is told"


def test_somebody_sends_or_drops_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bench, _ = restored(tmp_path, monkeypatch)
    with bench.app() as app:
        assert (routes.send_held(app, ADMINISTRATOR, "chat"), routes.drop_held(app, ADMINISTRATOR)) == (1, 1)
        deliver_now(app)
        assert len(bench.webhooks_.posted) == 3
        assert [(each.about, each.state) for each in told(app)] == [("one", "sent")]
        with app.database.reading() as tx:
            [entry] = tx.entries(kinds=["notifications.dropped"])
        assert (entry.subject, entry.detail) == ("*", {"number": 1})


def test_a_new_workspace_made_of_a_backup_holds_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    restored(tmp_path, monkeypatch)
    made = restore.restore_into(lambda root: Bench(root).app(), ADMINISTRATOR, tmp_path / "shop.zip", tmp_path / "new")
    assert made.held == 2


def test_mail_to_people_that_is_held_is_dropped_where_no_mail_is_sent_any_more(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        tell(app, "review.decided", person="una", facts={"answer": "a", "outcome": "edited"})
        with app.database.transaction() as tx:
            assert tx.hold_waiting() == 1
    with Bench(tmp_path, clock=Ticking(MONDAY)).app() as app:
        assert [(each.name, each.held) for each in routes.routes(app, ADMINISTRATOR)] == [("*", 1)]
        assert routes.drop_held(app, ADMINISTRATOR) == 1
