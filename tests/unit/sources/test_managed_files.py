"""Files that people give to the workspace: complete or not there at all."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmground.errors import InvalidInput, OutsideFailed, Refused, StorageFull
from firmground.sources.uploads import UploadsSource
from firmground.types import SourceFile


@pytest.fixture
def uploads(tmp_path: Path) -> UploadsSource:
    return UploadsSource(tmp_path, max_bytes=1000)


def put(uploads: UploadsSource, name: str, content: bytes, groups: tuple[str, ...] | None = ("everyone",), **how: bool) -> bool:
    with uploads.receive() as arriving:
        arriving.write(content)
        return arriving.keep(name, groups, **how)


def held(uploads: UploadsSource) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    return {file.uri: (uploads.read(file), file.groups) for file in uploads.files()}


def litter(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "incoming").iterdir() if path.name != ".lock")


def test_what_is_kept_is_a_file_that_its_groups_see(uploads: UploadsSource, tmp_path: Path):
    assert not uploads.exists()
    assert put(uploads, "leave.md", b"five days", ("hr", "board")) is False
    assert uploads.exists()
    assert held(uploads) == {"leave.md": (b"five days", ("board", "hr"))}
    assert uploads.problems() == ()
    assert litter(tmp_path) == []


def test_a_file_without_groups_is_for_administrators(uploads: UploadsSource):
    put(uploads, "a.md", b"a", None)
    put(uploads, "b.md", b"b", ())
    (uploads.root / "c.md").write_bytes(b"put there by hand")
    assert {uri: groups for uri, (_, groups) in held(uploads).items()} == {"a.md": (), "b.md": (), "c.md": ()}


def test_the_same_name_replaces_and_keeps_who_sees_it_unless_told(uploads: UploadsSource):
    put(uploads, "a.md", b"one", ("hr",))
    assert put(uploads, "a.md", b"two", None) is True
    assert held(uploads) == {"a.md": (b"two", ("hr",))}
    put(uploads, "a.md", b"three", ("everyone",))
    assert held(uploads) == {"a.md": (b"three", ("everyone",))}
    with pytest.raises(Refused, match=r"there is an upload named 'a\.md' already"):
        put(uploads, "a.md", b"four", None, replace=False)
    assert held(uploads) == {"a.md": (b"three", ("everyone",))}


def test_what_is_given_up_leaves_nothing(uploads: UploadsSource, tmp_path: Path):
    with uploads.receive() as arriving:
        arriving.write(b"half")
    assert not uploads.exists()
    assert litter(tmp_path) == []


def test_what_is_too_large_leaves_nothing(uploads: UploadsSource, tmp_path: Path):
    with pytest.raises(InvalidInput, match="larger than"):
        put(uploads, "a.md", b"x" * 1001)
    assert not uploads.exists()
    assert litter(tmp_path) == []


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(uploads: UploadsSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str):
    put(uploads, "a.md", b"one", ("hr",))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if call == "write":
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    else:
        monkeypatch.setattr(*((Path, "replace") if call == "replace" else (os, "fsync")), full)
    try:
        with pytest.raises(StorageFull, match="free some space"):
            put(uploads, "a.md", b"two" * 10, ("everyone",))
    finally:
        monkeypatch.undo()
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert held(uploads) == {"a.md": (b"one", ("hr",))}
    assert litter(tmp_path) == []


@pytest.mark.parametrize("stop", ["label", "content"])
def test_whatever_stops_in_the_middle_nobody_sees_new_content_with_old_groups(
    uploads: UploadsSource, monkeypatch: pytest.MonkeyPatch, stop: str
):
    """Or the other way round: content and groups change in an order that only narrows until both are there."""
    put(uploads, "a.md", b"for all", ("everyone",))
    place = Path.replace
    done: list[Path] = []

    def killed(self: Path, target: Path) -> Path:
        done.append(target)
        if len(done) > (1 if stop == "label" else 2):
            raise OSError(errno.EIO, "killed here")
        return place(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(OutsideFailed):
        put(uploads, "a.md", b"for some", ("hr",))
    monkeypatch.undo()
    content, groups = held(uploads)["a.md"]
    assert (content, groups) in [(b"for all", ("hr",)), (b"for some", ("hr",))]


def test_a_killed_process_leaves_nothing_that_stays(uploads: UploadsSource, tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from firmground.sources.uploads import UploadsSource\n"
        "with UploadsSource(Path(sys.argv[1]), max_bytes=1000).receive() as arriving:\n"
        "    arriving.write(b'half'); print('written', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with uploads.receive():
            assert len(litter(tmp_path)) == 2, "what a live process writes is left alone"
        process.send_signal(signal.SIGKILL)
    assert len(litter(tmp_path)) == 1
    assert not uploads.exists()
    put(uploads, "a.md", b"a")
    assert litter(tmp_path) == []


def test_a_sidecar_whose_file_never_came_goes(uploads: UploadsSource):
    put(uploads, "a.md", b"a")
    (uploads.root / "b.md.meta.json").write_text('{"groups": []}')
    put(uploads, "c.md", b"c")
    assert sorted(path.name for path in uploads.root.iterdir()) == ["a.md", "a.md.meta.json", "c.md", "c.md.meta.json"]


def test_what_is_removed_is_gone_with_what_was_said_of_it(uploads: UploadsSource):
    put(uploads, "50%20off é.md", b"a")
    [file] = uploads.files()
    assert uploads.holds(file.uri)
    uploads.remove(file.uri)
    uploads.remove(file.uri)
    assert list(uploads.root.iterdir()) == []
    assert not uploads.holds(file.uri)


@pytest.mark.parametrize("name", ["50%20off.md", "100%.md", "e\u0301t\u00e9.md", "Übersicht 2026 (neu).pdf", "报告.docx"])
def test_a_name_and_its_uri_correspond(uploads: UploadsSource, name: str):
    put(uploads, name, b"content")
    [file] = uploads.files()
    assert file.uri == uploads.named(name)
    assert uploads.read(SourceFile(uri=uploads.named(name), stamp="", size=0, modified_ns=0)) == b"content"


def test_two_ways_to_write_an_accent_are_one_name(uploads: UploadsSource):
    put(uploads, "e\u0301.md", b"one")
    assert put(uploads, "\u00e9.md", b"two") is True


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("../a.md", "path"),
        ("a/b.md", "path"),
        ("a\\b.md", "path"),
        ("\uff0fetc\uff0fpasswd", "path"),
        ("..", "dot"),
        ("\u2024\u2024", "dot"),
        (".hidden", "hidden"),
        ("~$lock.docx", "hidden"),
        ("a\0.md", "nobody sees"),
        ("a\n.md", "nobody sees"),
        ("a\u202efdp.md", "nobody sees"),
        ("a\ud800.md", "nobody sees"),
        ("NUL", "device"),
        ("con.txt", "device"),
        ("a:b.md", "holds :"),
        ("a.md ", "space"),
        ("a.", "dot"),
        ("x" * 201, "longer"),
        ("a.md.meta.json", "describe"),
        ("_META.yaml", "describe"),
    ],
)
def test_names_that_mean_something_else_are_refused(uploads: UploadsSource, name: str, why: str):
    with pytest.raises(InvalidInput, match=why):
        put(uploads, name, b"a")
    assert not uploads.exists()
