"""The key of masked personal data is in the backup where the workspace keeps it, and a key that opens nothing is told."""

import base64
import zipfile
from pathlib import Path

import pytest

from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.app.doctor import doctor
from firmground.app.keeping import backup, restore
from firmground.app.redaction.keys import FILE, VARIABLE
from firmground.settings import Settings
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Check

MAIL = "erika.musterfrau@firma.example"
ANOTHER = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "firmground.toml").write_text("")
    made = Bench(root, settings=Settings(sources=(SourceSection(name="docs", path=".", personal_data="mask"),)))
    made.source.contents["leave.md"] = f"# Leave\n\nWrite to {MAIL} about leave.\n".encode()
    return made


def synced(bench: Bench) -> None:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)


def kept(bench: Bench, to: Path) -> Path:
    synced(bench)
    with bench.app() as app:
        backup.backup(app, ADMINISTRATOR, to)
    return to


def brought_back(bench: Bench, file: Path) -> restore.Restored:
    with bench.app() as app:
        return restore.restore(app, ADMINISTRATOR, file)


def shown(bench: Bench) -> str:
    with bench.app() as app:
        return documents.show(app, ADMINISTRATOR, "leave.md")["text"]


def checked(bench: Bench) -> list[Check]:
    with bench.app() as app:
        return [check for check in doctor(app, ADMINISTRATOR, []) if check.name == "personal data"]


def test_a_backup_brings_the_key_back_with_what_it_opens(bench: Bench, tmp_path: Path) -> None:
    file = kept(bench, tmp_path / "shop.zip")
    place = bench.root / ".firmground" / FILE
    place.write_text(f"{ANOTHER}\n")
    synced(bench)
    made = brought_back(bench, file)
    assert made.warnings == ()
    assert MAIL in shown(bench)
    assert place.read_text() != f"{ANOTHER}\n"
    assert place.stat().st_mode & 0o777 == 0o600
    assert MAIL.encode() not in zipfile.ZipFile(file).read("database.jsonl")


def test_a_key_of_the_environment_is_in_no_backup_and_opens_what_comes_back(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, base64.b64encode(b"k" * 32).decode())
    file = kept(bench, tmp_path / "shop.zip")
    assert FILE not in zipfile.ZipFile(file).namelist()
    assert brought_back(bench, file).warnings == ()
    assert MAIL in shown(bench)
    monkeypatch.setenv(VARIABLE, ANOTHER)
    [warning] = brought_back(bench, file).warnings
    assert warning.startswith("personal data is hidden with another key than the one that is here")
    assert MAIL not in shown(bench)
    synced(bench)
    assert MAIL in shown(bench)


def test_a_key_that_is_kept_here_stays_where_a_backup_holds_none(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced(bench)
    own = (bench.root / ".firmground" / FILE).read_text()
    monkeypatch.setenv(VARIABLE, own)
    file = kept(bench, tmp_path / "shop.zip")
    monkeypatch.delenv(VARIABLE)
    assert brought_back(bench, file).warnings == ()
    assert (bench.root / ".firmground" / FILE).read_text() == own
    assert MAIL in shown(bench)


def test_the_doctor_looks_whether_the_key_opens_what_is_masked(bench: Bench) -> None:
    assert [check.state for check in checked(bench)] == ["ok"]
    place = bench.root / ".firmground" / FILE
    assert not place.exists()
    synced(bench)
    assert [check.state for check in checked(bench)] == ["ok"]
    place.chmod(0o644)
    assert [(check.state, check.remedy) for check in checked(bench)] == [("warning", f"chmod 600 {place}")]
    place.write_text(f"{ANOTHER}\n")
    assert [check.state for check in checked(bench)] == ["error"]
    place.write_text("nonsense")
    assert "no key for personal data" in checked(bench)[0].detail
    place.unlink()
    [check] = checked(bench)
    assert check.detail.startswith("the key of hidden personal data is gone")
    assert check.remedy.startswith("put it back")


def test_the_doctor_says_nothing_where_nothing_is_masked(tmp_path: Path) -> None:
    assert checked(Bench(tmp_path)) == []
