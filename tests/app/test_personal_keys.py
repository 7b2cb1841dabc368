"""The key that personal data is hidden with: where it comes from, and what it opens."""

import base64
import multiprocessing
import stat
from pathlib import Path

import pytest

from firmground.app.redaction.keys import FILE, VARIABLE, PersonalKey, key_of
from firmground.errors import Damaged, InvalidSettings, OutsideFailed
from firmground.settings import Settings, Workspace

_ONE = base64.b64encode(bytes(range(32))).decode()


def _workspace(root: Path) -> Workspace:
    return Workspace(root=root, data=root / ".firmground", settings=Settings())


def test_a_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    first = key_of(_workspace(tmp_path), environment={})
    path = tmp_path / ".firmground" / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_of(_workspace(tmp_path), environment={}).id == first.id
    assert [each.name for each in path.parent.iterdir()] == [FILE]


def _made(place: tuple[str, object]) -> str:
    root, start = place
    start.wait()
    return key_of(_workspace(Path(root)), environment={}).id


def test_processes_that_make_one_at_once_use_the_same(tmp_path: Path) -> None:
    forking = multiprocessing.get_context("spawn")
    with forking.Manager() as manager, forking.Pool(3) as pool:
        made = pool.map(_made, [(str(tmp_path), manager.Barrier(3))] * 3, chunksize=1)
    assert len(set(made)) == 1


def test_the_environment_comes_before_the_file_and_may_name_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(f"{_ONE}\n")
    own = key_of(_workspace(tmp_path), environment={})
    given = key_of(_workspace(tmp_path), environment={VARIABLE: _ONE})
    named = key_of(_workspace(tmp_path), environment={f"{VARIABLE}_FILE": str(tmp_path / "elsewhere")})
    assert given.id == named.id != own.id


@pytest.mark.parametrize("text", ["x", "", _ONE[:-5], base64.b64encode(b"short").decode(), "ÿ" * 44])
def test_what_is_no_key_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / ".firmground").mkdir()
    (tmp_path / ".firmground" / FILE).write_text(text)
    with pytest.raises(InvalidSettings, match="no key for personal data: put the right one there") as told:
        key_of(_workspace(tmp_path), environment={})
    assert "\n" not in str(told.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".firmground" / FILE).mkdir(parents=True)
    with pytest.raises(OutsideFailed, match="cannot read"):
        key_of(_workspace(tmp_path), environment={})


def test_no_new_key_is_made_where_values_were_hidden_with_one_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="key of hidden personal data is gone"):
        key_of(_workspace(tmp_path), known="abc", environment={})
    assert not (tmp_path / ".firmground").exists()


def test_a_value_opens_only_as_what_its_own_placeholder_stands_for() -> None:
    key = PersonalKey(bytes(32))
    hidden = key.seal("EMAIL_AAAAAAAAAA", "email", "a@b.example")
    assert key.open(hidden) == "a@b.example"
    assert "a@b" not in base64.b64decode(hidden.sealed).decode("latin-1")
    others = [
        hidden.model_copy(update={"placeholder": "EMAIL_BBBBBBBBBB"}),
        hidden.model_copy(update={"kind": "phone"}),
        hidden.model_copy(update={"sealed": hidden.sealed[:-8] + "AAAAAAA="}),
        hidden.model_copy(update={"sealed": "no base64"}),
        hidden.model_copy(update={"sealed": ""}),
    ]
    for other in others:
        with pytest.raises(Damaged, match="does not open"):
            key.open(other)
    with pytest.raises(Damaged, match="does not open with the key of this workspace"):
        PersonalKey(bytes([1] * 32)).open(hidden)


def test_equal_values_are_sealed_differently_and_placeholders_are_made_with_another_key() -> None:
    key = PersonalKey(bytes(32))
    assert key.seal("P", "email", "a").sealed != key.seal("P", "email", "a").sealed
    assert bytes(32) != key.hashing != PersonalKey(bytes([1] * 32)).hashing


def test_what_is_no_unicode_is_sealed_too() -> None:
    key = PersonalKey(bytes(32))
    assert key.open(key.seal("P", "own", "\ud800x")) == "\ud800x"
