"""What a restore must not change unseen: who owns the workspace, and whose files lie in it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmground.app.access import accounts
from firmground.app.keeping import backup, restore
from firmground.app.recording import ledger
from firmground.errors import Refused
from firmground.testing.app import ADMINISTRATOR, Bench, Ticking

WORDS = "correct horse battery"


def owners(bench: Bench) -> list[str]:
    with bench.app() as app, app.database.reading() as tx:
        return tx.owners()


@pytest.fixture
def shop(tmp_path: Path) -> Bench:
    root = tmp_path / "shop"
    (root / "golden").mkdir(parents=True)
    (root / "golden" / "theirs.jsonl").write_text("")
    (root / "policy.toml").write_text("# theirs\n")
    made = Bench(root)
    with made.app() as app:
        ledger.loaded(app, ADMINISTRATOR)
        backup.backup(app, ADMINISTRATOR, tmp_path / "shop.zip")
    return made


def test_owners_stay_where_the_backup_is_from_before_them(shop: Bench, tmp_path: Path):
    with shop.app() as app:
        accounts.create_owner(app, "ada", WORDS)
        accounts.add_account(app, ADMINISTRATOR, "bob", WORDS)
        before = app.database.head()
        made = restore.restore(app, ADMINISTRATOR, tmp_path / "shop.zip")
    assert before is not None
    assert "the backup has no owner, so those there are stay: ada" in made.warnings
    assert owners(shop) == ["ada"]
    with shop.app() as app:
        assert accounts.has_owner(app)
        assert ledger.verify(app, ADMINISTRATOR).whole
        assert ledger.entries(app, ADMINISTRATOR, kinds=["account.added"])[0].detail["restored"] is True


def test_owners_of_the_backup_are_the_owners_again(shop: Bench, tmp_path: Path):
    with shop.app() as app:
        accounts.create_owner(app, "ada", WORDS)
        backup.backup(app, ADMINISTRATOR, tmp_path / "owned.zip")
        accounts.add_account(app, ADMINISTRATOR.model_copy(update={"via": "cli"}), "eve", WORDS, role="owner")
        made = restore.restore(app, ADMINISTRATOR, tmp_path / "owned.zip")
    assert (owners(shop), [each for each in made.warnings if "owner" in each]) == (["ada"], [])


def test_files_of_another_workspace_are_not_put_among_the_teams(shop: Bench, tmp_path: Path):
    del shop
    (tmp_path / "other").mkdir()
    other = Bench(tmp_path / "other", clock=Ticking(datetime(2026, 1, 1, tzinfo=UTC)))
    with other.app() as app:
        accounts.create_owner(app, "zoe", WORDS)
        with pytest.raises(Refused, match="add --other-workspace"):
            restore.restore(app, ADMINISTRATOR, tmp_path / "shop.zip")
        made = restore.restore(app, ADMINISTRATOR, tmp_path / "shop.zip", other=True)
    assert (made.other, made.written, made.differ) == (True, (), ("golden/theirs.jsonl", "policy.toml"))
    assert {path.name for path in other.root.iterdir()} == {".firmground"}
    assert (other.root / ".firmground" / "from-backup" / "policy.toml").read_text() == "# theirs\n"
    assert owners(other) == ["zoe"]
