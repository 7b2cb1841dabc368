"""What a parser that a file has taken over can do: each way out is tried, from within a process that is confined as the real ones are."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import firmground
from firmground.sources.parse import SandboxedParser
from firmground.sources.sandbox import Bounds, Nursery, sandbox_report
from firmground.sources.scratch import Scratch

_ATTEMPTS = """
import ctypes, json, mmap, os, resource, signal, socket, sys, threading
sys.path.append(sys.argv[1])
from firmground.sources.confine import confine, limit_seconds, system_folders
parent = os.getppid()
measures = confine(parent=parent, memory=700 << 20, file_bytes=8 << 20, readable=system_folders(), writable=os.getcwd())
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
libc = ctypes.CDLL(None, use_errno=True)

def fork():
    if os.fork() == 0:
        os._exit(0)

def call(number, *given):
    if libc.syscall(number, *given) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def write(megabytes):
    with open("large", "wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))

outside = sys.argv[2]
attempts = {
    "talk by TCP": lambda: socket.socket(socket.AF_INET).connect(("127.0.0.1", 1)),
    "talk by UDP": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("::1", 53)),
    "talk to the kernel": lambda: socket.socket(16, socket.SOCK_RAW, 0),
    "talk to programs of this machine": lambda: socket.socket(socket.AF_UNIX).connect("/run/x"),
    "look up a name": lambda: socket.getaddrinfo("example.org", 80),
    "start a process": fork,
    "start a process otherwise": lambda: call(58),
    "start a process by the newest call": lambda: call(435, bytes(88), 88),
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "start a program from memory": lambda: os.execve(os.memfd_create("a"), ["a"], {}),
    "read a password file": lambda: open("/etc/passwd").read(),
    "read beside its folder": lambda: open(outside).read(),
    "list the home": lambda: os.listdir("/root"),
    "read what its parent knows": lambda: open(f"/proc/{parent}/environ").read(),
    "write into its parent": lambda: open(f"/proc/{parent}/mem", "rb+"),
    "trace its parent": lambda: call(101, 16, parent, 0, 0),
    "signal its parent": lambda: os.kill(parent, 0),
    "write beside its folder": lambda: open(outside, "a"),
    "write into shared memory": lambda: open("/dev/shm/firmground-planted", "w"),
    "make a folder beside its own": lambda: os.mkdir(outside + ".d"),
    "remove a file": lambda: os.unlink(outside),
    "move a file": lambda: os.rename(outside, outside + ".b"),
    "link a file in": lambda: os.link(outside, "in"),
    "cut a file short": lambda: os.truncate(outside, 0),
    "change whose a file is": lambda: os.chmod(outside, 0o777),
    "make a link out": lambda: (os.symlink(outside, "out"), open("out").read()),
    "take more memory": lambda: mmap.mmap(-1, 800 << 20),
    "take more memory piece by piece": lambda: [bytes(10 << 20) for _ in range(90)],
    "write a large file": lambda: write(9),
    "open many files": lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(200)],
    "raise its memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)),
    "leave memory behind": lambda: call(29, 0, 4096, 0o1600),
    "leave a queue behind": lambda: call(240, b"firmground-planted", 66, 0o600, 0),
    "mount something": lambda: call(165, b"none", b"/mnt", b"tmpfs", 0, 0),
    "leave its user": lambda: call(272, 0x10000000),
    "ask the kernel otherwise": lambda: call(425, 8, bytes(120)),
}
told = {}
free = os.open("/dev/null", os.O_RDONLY)
for name, attempt in attempts.items():
    try:
        attempt()
        told[name] = "done"
    except (OSError, MemoryError, ValueError) as refused:
        told[name] = type(refused).__name__
    os.closerange(free, 128)
done = threading.Event()
threading.Thread(target=done.set).start()
told["start a thread"] = "done" if done.wait(10) else "never"
write(1)
told["write a small file of its own"] = "done"
print(json.dumps({"measures": measures, "told": told}), flush=True)
limit_seconds(0)
while True:
    pass
"""
ITS_OWN = {"start a thread", "write a small file of its own"}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("confined")
    (place / "inside").mkdir()
    (place / "beside").write_text("secret")
    root = str(Path(firmground.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-I", "-c", _ATTEMPTS, root, str(place / "beside")],
        cwd=place / "inside", capture_output=True, text=True, check=False, timeout=100, env={"HOME": "/root"},
    )  # fmt: skip
    assert ended.stdout, ended.stderr
    return json.loads(ended.stdout) | {"code": ended.returncode, "beside": (place / "beside").read_text()}


def test_every_measure_is_in_force(tried: dict[str, Any]):
    assert set(tried["measures"].values()) == {"in force"}


def test_no_way_out_is_open(tried: dict[str, Any]):
    assert {name for name, came in tried["told"].items() if came == "done"} == ITS_OWN
    assert tried["beside"] == "secret"


def test_more_processor_time_than_allowed_ends_it(tried: dict[str, Any]):
    assert tried["code"] == -24


def test_doctor_tries_the_same_and_tells():
    told = sandbox_report()
    assert {name: came for name, came in told.items() if name.startswith("a parser can") and not came.startswith("denied")} == {}
    assert "a parser can start another process" in told


# ---------------------------------------------------------------- what lies about meanwhile


def test_its_folder_is_nobody_elses_and_goes_with_it():
    nursery = Nursery(Bounds(), "")
    child = nursery.start()
    folder = Path(f"/proc/{child.pid}/cwd").resolve()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == os.geteuid()
    (folder / "left").write_text("behind")
    os.kill(child.pid, 9)
    child.end()
    nursery.close()
    assert not folder.exists()


def test_a_folder_is_never_one_that_somebody_put_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trap = tmp_path / "trap"
    trap.mkdir()
    names = iter(["planted", "planted", "free"])
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: names)
    (tmp_path / "firmground-parse-planted").symlink_to(trap)
    made = Scratch()
    try:
        assert Path(made.name).name == "firmground-parse-free"
        assert list(trap.iterdir()) == []
    finally:
        made.cleanup()


def test_nothing_of_a_file_is_left_in_the_place_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    parser = SandboxedParser(workers=1)
    try:
        parser.parse("a.html", b"<html><p>Hello there</p></html>")
        assert [path.name.startswith("firmground-parse-") for path in tmp_path.iterdir()] == [True]
    finally:
        parser.close()
    assert list(tmp_path.iterdir()) == []
