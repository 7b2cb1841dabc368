"""Files and children that mean harm: each ends in a clear code, and the next file is parsed as if nothing had happened."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

import firmground
from firmground.errors import ParseFailed
from firmground.sources import sandbox
from firmground.sources.extract import Limits
from firmground.sources.parse import SandboxedParser
from firmground.sources.sandbox import Bounds, Child, Nursery, sandbox_report

_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def archive(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries.items():
            opened.writestr(name, content)
    return made.getvalue()


def code_of(parser: SandboxedParser, uri: str, content: bytes) -> str:
    with pytest.raises(ParseFailed) as failed:
        parser.parse(uri, content)
    return failed.value.code


def test_a_zip_bomb_is_a_limit(parser: SandboxedParser):
    bomb = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": bytes(60 << 20)})
    assert len(bomb) < 1 << 20
    assert code_of(parser, "a.docx", bomb) == "limit_exceeded"


def test_a_giant_sheet_is_a_limit_before_it_is_unpacked(parser: SandboxedParser):
    row = "<row>" + '<c t="n"><v>1</v></c>' * 60 + "</row>"
    sheet = _SHEET.format(row * 60_000).encode()
    assert (
        code_of(parser, "a.xlsx", archive({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": sheet}))
        == "limit_exceeded"
    )


def test_external_entities_are_not_read(parser: SandboxedParser, tmp_path: Path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOPSECRET")
    evil = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]><r>hello &x; world</r>'.encode()
    for name, content in (
        ("a.xml", evil),
        ("a.docx", archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": evil})),
    ):
        try:
            said = parser.parse(name, content).text
        except ParseFailed as failed:
            said = failed.detail
        assert "TOPSECRET" not in said


def test_entities_that_multiply_do_no_harm(parser: SandboxedParser):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    evil = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{entities}]><r>hello &e11;</r>'.encode()
    try:
        assert len(parser.parse("a.xml", evil).text) < 1000
    except ParseFailed as failed:
        assert failed.code in {"corrupt", "limit_exceeded"}  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("opening", [b"<div>", b"<ul><li>", b"<table><tr><td>", b"<blockquote>"])
def test_deep_nesting_ends_in_a_code_or_in_text(parser: SandboxedParser, opening: bytes):
    try:
        assert "core" in parser.parse("a.html", b"<html>" + opening * 30_000 + b"core").text
    except ParseFailed as failed:
        assert failed.code in {"no_text", "limit_exceeded", "parser_crashed", "corrupt", "timeout"}  # noqa: PT017 - never a hang
    assert parser.parse("b.md", b"still here").text == "still here"


def test_a_hundred_megabytes_of_text_are_a_limit(parser: SandboxedParser):
    assert code_of(parser, "a.txt", b"word " * (20 << 20)) == "limit_exceeded"
    assert code_of(parser, "a.md", b"word " * (17 << 20)) == "limit_exceeded"


def test_texts_longer_than_allowed_are_a_limit():
    with closing(SandboxedParser(workers=1, limits=Limits(characters=1000))) as parser:
        assert code_of(parser, "a.md", b"word " * 300) == "limit_exceeded"


# ---------------------------------------------------------------- the children


def the_only_child(parser: SandboxedParser) -> psutil.Process:
    parser.parse("a.md", b"warm up")
    (child,) = [process for process in psutil.Process().children() if "firmground.sources.child" in " ".join(process.cmdline())]
    return child


@pytest.fixture
def single():
    parser = SandboxedParser(workers=1, seconds=5, files_per_child=3)
    yield parser
    parser.close()


@pytest.fixture
def alone(parser: SandboxedParser, single: SandboxedParser) -> SandboxedParser:
    parser.close()
    return single


def test_children_are_used_again_and_replaced_in_time(alone: SandboxedParser):
    first = the_only_child(alone).pid
    assert the_only_child(alone).pid == first
    alone.parse("a.md", b"third file")
    assert the_only_child(alone).pid != first


def test_a_killed_child_costs_nothing_but_a_new_one(alone: SandboxedParser):
    child = the_only_child(alone)
    child.kill()
    child.wait(5)
    assert alone.parse("a.md", b"next").text == "next"


def test_a_child_that_stops_answering_is_a_timeout_and_is_killed(parser: SandboxedParser):
    parser.close()
    with closing(SandboxedParser(workers=1, seconds=1)) as impatient:
        child = the_only_child(impatient)
        child.suspend()
        assert code_of(impatient, "a.md", b"text") == "timeout"
        assert not child.is_running()
        assert impatient.parse("a.md", b"next").text == "next"


def test_memory_beyond_the_limit_is_told_from_a_crash():
    with closing(SandboxedParser(workers=1, bounds=Bounds(memory=250 << 20), limits=Limits(characters=100_000_000))) as parser:
        assert code_of(parser, "a.txt", b"word " * (18 << 20)) == "out_of_memory"
        assert parser.parse("a.md", b"next").text == "next"


def test_processor_time_beyond_the_limit_is_a_timeout(monkeypatch: pytest.MonkeyPatch):
    assert (
        _died_by(monkeypatch, "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 9))\nwhile True: pass") == "timeout"
    )


def test_a_crash_is_told_as_a_crash(monkeypatch: pytest.MonkeyPatch):
    assert _died_by(monkeypatch, "import os; os.abort()") == "parser_crashed"


def test_an_answer_that_makes_no_sense_is_a_crash(monkeypatch: pytest.MonkeyPatch):
    assert _died_by(monkeypatch, "import sys; sys.stdout.buffer.write(b'\\xff' * 99); sys.stdout.flush()") == "parser_crashed"


def _died_by(monkeypatch: pytest.MonkeyPatch, deed: str) -> str:
    """The code when a child greets properly and then does `deed` at its first file."""
    greeting = "from firmground.sources.frames import *\nsys.stdout.buffer.write(frame({'measures': {}})); sys.stdout.flush()"
    root = str(Path(firmground.__file__).parents[1])
    program = f"import sys; sys.path.append({root!r})\n{greeting}\nsys.stdin.buffer.read(HEAD.size)\n{deed}"
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    parser = SandboxedParser(workers=1, seconds=20)
    try:
        return code_of(parser, "a.md", b"text")
    finally:
        parser.close()


def test_pages_outside_the_text_are_refused(monkeypatch: pytest.MonkeyPatch):
    nothing = "'title': None, 'encoding': None, 'ocr': False, 'warnings': [], 'groups': None, 'metadata': {}"
    header = f"{{'media_type': 'x', 'pages': [[1, 0, 99]], {nothing}}}"
    assert (
        _died_by(monkeypatch, f"sys.stdout.buffer.write(frame({header}, b'ab')); sys.stdout.flush(); sys.stdin.read()")
        == "parser_crashed"
    )


def test_a_child_has_no_network_no_programs_no_other_files():
    report = sandbox_report()
    assert report["dies with its parent"] == "in force"
    assert report["memory, file and core limits"] == "in force"
    assert report["a parser can open a network socket"].startswith("denied")
    assert report["a parser can start a program"].startswith("denied")
    assert report["a parser can cut other files short"] == "denied (Operation not permitted)"
    if report["file system closed (Landlock)"] == "in force":  # a kernel may lack it; then the report says so
        assert report["a parser can read other files"].startswith("denied")
        assert report["a parser can write outside its folder"].startswith("denied")


def test_a_child_inherits_no_secrets(alone: SandboxedParser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    child = the_only_child(alone)
    assert "sk-secret" not in str(child.environ())
    assert os.getsid(child.pid) == child.pid


def test_children_outlive_the_thread_that_asked_for_them(alone: SandboxedParser):
    def ask() -> int:
        return the_only_child(alone).pid

    with ThreadPoolExecutor(1) as short_lived:
        pid = short_lived.submit(ask).result()
    assert the_only_child(alone).pid == pid


def test_children_die_with_a_killed_parent(tmp_path: Path):
    source = textwrap.dedent("""
        import time, psutil
        from firmground.sources.parse import SandboxedParser
        parser = SandboxedParser(workers=1)
        parser.parse("a.md", b"text")
        print(*[child.pid for child in psutil.Process().children()], flush=True)
        time.sleep(60)
    """)
    environment = {**os.environ, "PYTHONPATH": str(Path(firmground.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, env=environment) as parent:
        (pid,) = map(int, parent.stdout.readline().split())
        assert psutil.pid_exists(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_closed_parser_leaves_no_children_and_no_folders(alone: SandboxedParser):
    child = the_only_child(alone)
    folder = Path(child.cwd())
    alone.close()
    assert not child.is_running()
    assert not folder.exists()
    assert alone.parse("a.md", b"again").text == "again"


def test_a_busy_child_is_never_shared(alone: SandboxedParser):
    texts = [f"file {number}" for number in range(20)]
    with ThreadPoolExecutor(5) as pool:
        assert [parsed.text for parsed in pool.map(lambda text: alone.parse("a.md", text.encode()), texts)] == texts


def test_ending_a_child_twice_changes_nothing():
    nursery = Nursery(Bounds(), "")
    child: Child = nursery.start()
    child.end()
    child.end()
    nursery.close()
    assert not child.alive
