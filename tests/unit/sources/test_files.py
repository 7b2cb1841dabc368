import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmground.errors import OutsideFailed, ParseFailed
from firmground.sources import files as module
from firmground.sources.files import FilesSource
from firmground.sources.labels import Rule
from firmground.types import SourceFile


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    root.mkdir()
    return root


def put(root: Path, uri: str, content: bytes | str = b"x") -> Path:
    path = root / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def listed(source: FilesSource) -> dict[str, SourceFile]:
    return {file.uri: file for file in source.files()}


def codes(source: FilesSource) -> dict[str, str]:
    list(source.files())
    return {uri: code for uri, code, _ in source.problems()}


def test_hidden_files_lock_files_and_the_data_folder_are_skipped_silently(root: Path):
    for uri in (".hidden.md", ".firmground/db.sqlite", ".git/config", "~$letter.docx", "a/.b/c.md", "a/kept.md"):
        put(root, uri)
    source = FilesSource("s", root)
    assert list(listed(source)) == ["a/kept.md"]
    assert source.problems() == ()


def test_include_and_exclude_choose_files(root: Path):
    for uri in ("a.md", "b.txt", "drafts/c.md", "x/drafts/d.md", "x/e.md"):
        put(root, uri)
    assert list(listed(FilesSource("s", root, include=["*.md"], exclude=["drafts"]))) == ["a.md", "x/e.md"]


def test_a_rule_that_covers_no_file_is_reported_after_each_listing(root: Path):
    put(root, "hr/pay.md")
    rules = [Rule(match=match, groups=("hr",)) for match in ("hr/**", "HR/", "law/")]
    source = FilesSource("s", root, rules=rules)
    for _ in range(2):
        assert codes(source) == {"HR/": "rule_matches_nothing", "law/": "rule_matches_nothing"}
    put(root, "law/case.md")
    assert codes(source) == {"HR/": "rule_matches_nothing"}
    for file in root.rglob("*.md"):
        file.unlink()
    assert codes(source) == {}, "an empty folder says nothing of its rules"


def test_a_rule_may_be_for_what_lies_in_a_folder_that_cannot_be_listed(
    root: Path, unprivileged: Callable[[Callable[[], str]], str]
):
    put(root, "open.md")
    put(root, "shut/a.md")
    (root / "shut").chmod(0)
    source = FilesSource("s", root, rules=[Rule(match="shut/**", groups=("hr",))])
    said = unprivileged(lambda: str(codes(source)))
    (root / "shut").chmod(0o755)
    assert said == "{'shut/': 'unreadable'}"


def test_a_link_inside_the_root_is_followed_and_one_that_leaves_it_is_reported(root: Path, tmp_path: Path):
    put(root, "real/a.md", b"inside")
    put(tmp_path, "secret.md", b"outside")
    put(tmp_path, "elsewhere/b.md")
    (root / "alias.md").symlink_to("real/a.md")
    (root / "leak.md").symlink_to(tmp_path / "secret.md")
    (root / "leak").symlink_to(tmp_path / "elsewhere")
    (root / "broken.md").symlink_to("nothing.md")
    source = FilesSource("s", root)
    files = listed(source)
    assert sorted(files) == ["alias.md", "real/a.md"]
    assert source.read(files["alias.md"]) == b"inside"
    assert codes(source) == {"leak": "link_outside", "leak.md": "link_outside", "broken.md": "unreadable"}


def test_a_root_whose_name_another_folder_begins_with_is_still_the_limit(root: Path, tmp_path: Path):
    put(tmp_path, "documents-of-others/a.md")
    (root / "leak.md").symlink_to(tmp_path / "documents-of-others/a.md")
    assert codes(FilesSource("s", root)) == {"leak.md": "link_outside"}


def test_loops_of_links_are_reported_and_end(root: Path):
    put(root, "a/b/c.md")
    (root / "a/b/up").symlink_to("../..")
    (root / "self").symlink_to("self")
    source = FilesSource("s", root)
    assert list(listed(source)) == ["a/b/c.md"]
    assert codes(source) == {"a/b/up": "link_loop", "self": "link_loop"}


def test_a_link_put_in_place_after_listing_does_not_lead_outside(root: Path, tmp_path: Path):
    secret = put(tmp_path, "secret.md", b"outside")
    path = put(root, "a/b.md")
    source = FilesSource("s", root)
    (file,) = source.files()
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(ParseFailed) as failed:
        source.read(file)
    assert failed.value.code == "unreadable"


@pytest.mark.parametrize("uri", ["../secret.md", "%2e%2e/secret.md", "/etc/passwd", "a/../../secret.md"])
def test_a_forged_uri_reads_nothing_outside(root: Path, tmp_path: Path, uri: str):
    put(tmp_path, "secret.md", b"outside")
    with pytest.raises(ParseFailed) as failed:
        FilesSource("s", root).read(SourceFile(uri=uri, stamp="", size=0, modified_ns=0))
    assert failed.value.code == "unreadable"


def test_names_that_are_no_clean_text_become_valid_uris_and_stay_readable(root: Path):
    names = [
        b"new\nline.md",
        b"bad\xff\xfe.md",
        b"100%25.md",
        b"100%.md",
        b"tab\t.md",
        "bidi\u202e.md".encode(),
        "grün.md".encode(),
    ]
    for number, name in enumerate(names):
        (root / os.fsdecode(name)).write_bytes(str(number).encode())
    source = FilesSource("s", root)
    files = listed(source)
    assert len(files) == len(names)
    assert sorted(source.read(file) for file in files.values()) == sorted(str(n).encode() for n in range(len(names)))
    assert {"new%0Aline.md", "bad%FF%FE.md", "100%2525.md", "100%.md", "grün.md"} < files.keys()
    for uri in files:
        assert uri.isprintable()
        uri.encode()


def test_pipes_and_sockets_are_never_opened(root: Path):
    os.mkfifo(root / "pipe.md")
    source = FilesSource("s", root)
    assert listed(source) == {}
    assert codes(source) == {"pipe.md": "unsupported"}
    with pytest.raises(ParseFailed):
        source.read(SourceFile(uri="pipe.md", stamp="", size=0, modified_ns=0))


def test_an_unreadable_folder_is_a_problem_and_the_rest_is_listed(root: Path, unprivileged: Callable[[Callable[[], str]], str]):
    put(root, "open/a.md")
    put(root, "shut/b.md")
    (root / "shut").chmod(0)

    def work() -> str:
        source = FilesSource("s", root)
        return f"{list(listed(source))} {[problem[:2] for problem in source.problems()]}"

    said = unprivileged(work)
    (root / "shut").chmod(0o755)
    assert said == "['open/a.md'] [('shut/', 'unreadable')]"


def test_an_unreadable_file_says_so_when_it_is_read(root: Path, unprivileged: Callable[[Callable[[], str]], str]):
    put(root, "a.md").chmod(0)

    def work() -> str:
        source = FilesSource("s", root)
        try:
            return repr(source.read(listed(source)["a.md"]))
        except ParseFailed as failed:
            return failed.code

    assert unprivileged(work) == "unreadable"


def test_a_root_that_is_missing_or_a_file_never_looks_empty(root: Path):
    for wrong in (root / "missing", put(root, "a.md")):
        with pytest.raises(OutsideFailed) as failed:
            list(FilesSource("s", wrong).files())
        assert "firmground.toml" in failed.value.remedy


def test_a_file_beyond_the_limit_is_not_read(root: Path):
    put(root, "a.md", b"x" * 101)
    source = FilesSource("s", root, max_bytes=100)
    with pytest.raises(ParseFailed) as failed:
        source.read(listed(source)["a.md"])
    assert failed.value.code == "limit_exceeded"


class _Growing:
    """Reads like the real thing, and something is added to the file each time, so many times."""

    def __init__(self, path: Path, times: int) -> None:
        self.path, self.times, self.real = path, times, module._read_up_to

    def __call__(self, descriptor: int, size: int, limit: int) -> bytes:
        content = self.real(descriptor, size, limit)
        if self.times:
            self.times -= 1
            with self.path.open("ab") as opened:
                opened.write(b"+")
        return content


@pytest.mark.parametrize(("times", "expected"), [(1, "x+"), (2, "changed_while_reading")])
def test_a_file_that_changes_while_it_is_read_is_read_once_more(
    root: Path, monkeypatch: pytest.MonkeyPatch, times: int, expected: str
):
    path = put(root, "a.md")
    monkeypatch.setattr(module, "_read_up_to", _Growing(path, times))
    source = FilesSource("s", root)
    (file,) = source.files()
    try:
        outcome = source.read(file).decode()
    except ParseFailed as failed:
        outcome = failed.code
    assert outcome == expected


def test_a_set_back_modification_time_does_not_hide_a_change(root: Path):
    path = put(root, "a.md", b"one")
    before = listed(FilesSource("s", root))["a.md"]
    path.write_bytes(b"two")
    os.utime(path, ns=(before.modified_ns, before.modified_ns))
    after = listed(FilesSource("s", root))["a.md"]
    assert (after.size, after.modified_ns) == (before.size, before.modified_ns)
    assert after.stamp != before.stamp


# ---------------------------------------------------------------- groups and metadata


def test_the_last_matching_rule_wins_and_metadata_merges(root: Path):
    for uri in ("hr/pay.md", "hr/open.md", "a.md"):
        put(root, uri)
    rules = [
        Rule(match="hr/**", groups=("hr", "board"), metadata={"area": "hr", "level": 1}),
        Rule(match="hr/open.md", groups=("everyone",), metadata={"level": 2}),
    ]
    files = listed(FilesSource("s", root, groups=["staff"], rules=rules))
    assert files["a.md"].groups == ("staff",)
    assert files["hr/pay.md"].groups == ("board", "hr")
    assert files["hr/open.md"].groups == ("everyone",)
    assert files["hr/open.md"].metadata == {"area": "hr", "level": 2}


def test_sidecars_narrow_from_the_outside_in_and_are_no_documents(root: Path):
    for uri in ("hr/a.md", "hr/in/b.md", "hr/in/c.md"):
        put(root, uri)
    put(root, "hr/_meta.yaml", "groups: [hr, board]\nmetadata: {owner: ann, since: 2026-01-02}\n")
    put(root, "hr/in/_meta.json", '{"groups": ["board"]}')
    put(root, "hr/in/c.md.meta.yaml", "groups: [board, everyone]\ntitle: Pay\nmetadata:\n  owner: bo\n")
    source = FilesSource("s", root, rules=[Rule(match="**/*", groups=("everyone",))])
    files = listed(source)
    assert {uri: file.groups for uri, file in files.items()} == {
        "hr/a.md": ("board", "hr"),
        "hr/in/b.md": ("board",),
        "hr/in/c.md": ("board",),
    }
    assert files["hr/in/c.md"].metadata == {"owner": "bo", "since": "2026-01-02", "title": "Pay"}
    assert source.problems() == ()


def test_a_sidecar_never_shows_a_file_to_more_people_than_the_settings_do(root: Path):
    put(root, "pay.md")
    put(root, "pay.md.meta.yaml", "groups: [everyone, public, hr]\n")
    put(root, "open/note.md")
    put(root, "open/note.md.meta.yaml", "groups: [public]\n")
    rules = [Rule(match="open/**", groups=("everyone",))]
    files = listed(FilesSource("s", root, groups=["hr"], rules=rules))
    assert (files["pay.md"].groups, files["open/note.md"].groups) == (("hr",), ("everyone",))


def test_a_changed_sidecar_changes_groups_but_not_the_stamp(root: Path):
    put(root, "a.md")
    put(root, "a.md.meta.yaml", "groups: [hr]\n")
    source = FilesSource("s", root)
    before = listed(source)["a.md"]
    put(root, "a.md.meta.yaml", "groups: [board]\n")
    after = listed(source)["a.md"]
    assert (before.groups, after.groups) == (("hr",), ("board",))
    assert before.stamp == after.stamp


@pytest.mark.parametrize(
    "content",
    [
        "groups: [hr",
        "group: hr\n",
        "groups: {a: 1}\n",
        "groups: [1, 2]\n",
        "groups: hr\ngroups: everyone\n",
        "- hr\n",
        "a: &x [1]\ngroups: *x\n",
        "!!python/object/apply:os.system ['true']\n",
        "metadata: hr\n",
        b"\xff\xfe\x00",
        "x" * 70_000,
    ],
)
def test_a_broken_sidecar_shows_its_file_to_nobody(root: Path, content: str | bytes):
    put(root, "a.md")
    put(root, "a.md.meta.yaml", content)
    source = FilesSource("s", root)
    assert listed(source)["a.md"].groups == ()
    assert codes(source) == {"a.md.meta.yaml": "sidecar_invalid"}


def test_a_broken_folder_sidecar_shows_all_that_is_below_to_nobody(root: Path):
    put(root, "hr/a.md")
    put(root, "hr/b.md")
    put(root, "hr/_meta.yaml", "groups: [")
    put(root, "hr/b.md.meta.yaml", "groups: hr")
    files = listed(FilesSource("s", root))
    assert (files["hr/a.md"].groups, files["hr/b.md"].groups) == ((), ())


def test_two_sidecars_for_one_file_are_refused(root: Path):
    put(root, "a.md")
    put(root, "a.md.meta.yaml", "groups: hr")
    put(root, "a.md.meta.json", '{"groups": "everyone"}')
    assert listed(FilesSource("s", root))["a.md"].groups == ()


def test_a_sidecar_left_behind_is_reported(root: Path):
    put(root, "renamed.md")
    put(root, "old.md.meta.yaml", "groups: hr")
    assert codes(FilesSource("s", root)) == {"old.md.meta.yaml": "sidecar_without_document"}


def test_groups_said_to_be_none_are_nobody(root: Path):
    put(root, "a.md")
    put(root, "a.md.meta.yaml", "groups: []\n")
    assert listed(FilesSource("s", root))["a.md"].groups == ()


# ---------------------------------------------------------------- watching


def test_watching_tells_what_changed_and_stops_when_asked(root: Path):
    stop = threading.Event()
    watched = FilesSource("s", root).watch(stop, quiet_ms=50)
    put(root, ".hidden", "text")
    put(root, "a.md", "text")  # at once: it is watched already
    assert next(watched) == {"a.md"}
    stop.set()
    assert list(watched) == []


def test_a_link_shows_a_file_to_nobody_who_may_not_see_it_at_its_own_place(root: Path):
    put(root, "hr/_meta.yaml", "groups: [hr]\n")
    put(root, "hr/pay.md")
    put(root, "board/plan.md")
    put(root, "own.md")
    put(root, "own.md.meta.yaml", "groups: [ann]\n")
    put(root, "free/a.md")
    put(root, "public/_meta.yaml", "groups: [everyone]\n")
    put(root, "narrow/_meta.yaml", "groups: [hr]\n")
    for link, target in {
        "public/pay.md": "../hr/pay.md",
        "public/hr": "../hr",
        "public/board": "../board",
        "public/own.md": "../own.md",
        "public/free.md": "../free/a.md",
        "narrow/free.md": "../free/a.md",
        "narrow/plan.md": "../board/plan.md",
    }.items():
        (root / link).symlink_to(target)
    source = FilesSource("s", root, rules=[Rule(match="board/**", groups=("board",))])
    groups = {uri: file.groups for uri, file in listed(source).items() if uri.startswith(("public/", "narrow/"))}
    assert groups == {
        "public/pay.md": ("hr",),
        "public/hr/pay.md": ("hr",),
        "public/board/plan.md": ("board",),
        "public/own.md": ("ann",),
        "public/free.md": ("everyone",),
        "narrow/free.md": ("hr",),
        "narrow/plan.md": (),
    }


def test_a_path_too_long_for_the_database_is_reported_and_the_others_are_listed(root: Path):
    put(root, "a.md")
    deep = root
    for _ in range(9):
        deep = deep / ("d" * 240)
        deep.mkdir()
    at = os.open(deep, os.O_RDONLY)
    os.close(os.open("deep.md", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    source = FilesSource("s", root)
    assert set(listed(source)) == {"a.md"}
    assert [code for _, code, _ in source.problems()] == ["limit_exceeded"]
