"""`backup` and `restore` on the command line: what is told, what is asked, and with which code they end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from test_cli import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "firmground.toml").write_text("")
    made = Place(root)
    assert made("person", "add", "ada").code == 0
    return made


def test_a_file_that_is_missing_or_no_backup_is_told_before_anybody_is_asked(place: Place):
    (place.root / "letter.txt").write_text("Dear all,\n")
    for how in ([], ["--yes"], ["--drill"]):
        missing = place("restore", "none.zip", *how)
        assert (missing.code, "there is no backup none.zip" in missing.err) == (3, True), missing.err
        wrong = place("restore", "letter.txt", *how)
        assert (wrong.code, "letter.txt is no backup" in wrong.err) == (2, True), wrong.err
    assert place("backup", "../b.zip").code == 0
    asked = place("restore", "../b.zip")
    assert (asked.code, "add --yes" in asked.err) == (2, True)


def test_a_ledger_that_is_not_whole_is_told_and_no_older_backup_goes(place: Place, tmp_path: Path):
    there = tmp_path / "backups"
    there.mkdir()
    good = there / "shop-20200101T000000Z.zip"
    assert place("backup", str(good)).code == 0
    with closing(sqlite3.connect(place.root / ".firmground" / "firmground.sqlite")) as database:
        for (trigger,) in database.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'ledger'"
        ).fetchall():
            database.execute(f"drop trigger {trigger}")
        database.execute("delete from ledger where number = 2")
        database.commit()
    told = place("backup", str(there), "--keep", "1")
    assert (told.code, told.out.startswith("backed up")) == (6, True)
    assert "the ledger in this backup is not as it was written (entry 2 is missing); no older backup was deleted" in told.err
    assert good.exists()
    as_json = place("backup", str(there), "--keep", "1", "--json")
    assert (as_json.code, json.loads(as_json.out)["fault"]) == (6, "entry 2 is missing")


def test_yes_is_not_enough_for_a_backup_of_another_workspace(place: Place, tmp_path: Path):
    assert place("backup", "../b.zip").code == 0
    root = tmp_path / "other"
    root.mkdir()
    (root / "firmground.toml").write_text("")
    other = Place(root)
    assert other("person", "add", "zoe").code == 0
    refused = other("restore", "../b.zip", "--yes")
    assert (refused.code, "b.zip is a backup of another workspace, 'shop'" in refused.err) == (4, True)
    assert "zoe" in other("person", "list").out
    done = other("restore", "../b.zip", "--yes", "--other-workspace")
    assert (done.code, "the data of another workspace now, shop" in done.out) == (0, True), done.err
