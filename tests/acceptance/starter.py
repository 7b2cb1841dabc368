"""Starts Python programs in a fraction of the time: one process has imported what they all need, and each program is a fork of it.

Two thirds of what a short command costs is the import of libraries. What begins here is a process like any other: it has an id, pipes and
an exit code of its own, can be killed at any moment, and ends as the interpreter ends. As a program, this file is the process that forks.
"""

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import IO, Any

IMPORTED = (
    "firmground.cli.commands",
    "firmground.guard.personal",
    "firmground.models.onnx_embedder",
    "firmground.sources.files",
    "firmground.sources.parse",
    "firmground.store.database",
    "firmground.store.jobs",
    "firmground.store.lance",
    "firmground.web.application",
    "firmground.web.server",
    "firmground.wire",
    "py3langid",
    "pydantic.dataclasses",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "tokenizers",
    "tqdm",
)
"""None of them starts a thread that a fork would lack, or reads what a test may set in the environment. LanceDB and onnxruntime do."""


class Starter:
    """One process that forks, until this object is closed."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )

    def start(self, program: str, *words: str, cwd: Path, environment: Mapping[str, str]) -> "Started":
        """A process that runs the source text `program` with these words as its arguments."""
        wanted = {"program": program, "words": words, "cwd": str(cwd), "environment": dict(environment)}
        pipes = [os.pipe() for _ in range(4)]
        (stdin, write), (out, stdout), (err, stderr), (told, tell) = pipes
        try:
            socket.send_fds(self._socket, [json.dumps(wanted).encode()], [stdin, stdout, stderr, tell])
        finally:
            for each in (stdin, stdout, stderr, tell):
                os.close(each)
        return Started(words, write, out, err, told)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@cache
def starter() -> Starter:
    """That of this process."""
    made = Starter()
    atexit.register(made.close)
    return made


class Started:
    """A process, with the names of `subprocess.Popen`. What it reads from stdin ends where `stdin` is closed."""

    def __init__(self, args: tuple[str, ...], stdin: int, stdout: int, stderr: int, told: int) -> None:
        self.args = args
        self.stdin: IO[str] = os.fdopen(stdin, "w")
        self.stdout: IO[str] = os.fdopen(stdout)
        self.stderr: IO[str] = os.fdopen(stderr)
        self.returncode: int | None = None
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())
        self._read: dict[str, str] = {}
        self._readers: list[Thread] = []

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it still writes; once it has ended."""
        until = None if timeout is None else time.monotonic() + timeout
        if not self._readers:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()
            self._readers = [Thread(target=self._drain, args=(each,), daemon=True) for each in ("stdout", "stderr")]
            for each in self._readers:
                each.start()
        for each in self._readers:
            each.join(None if until is None else max(0.0, until - time.monotonic()))
            if each.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return self._read["stdout"], self._read["stderr"]

    def _drain(self, name: str) -> None:
        with getattr(self, name) as stream:
            self._read[name] = stream.read()

    def send_signal(self, which: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, which)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def forked(control: socket.socket) -> dict[str, Any]:
    """Returns in a new process, once for each that is wanted; ends when nobody can want one any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1 << 20, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            kept_by_another(fds)
            return json.loads(message)
        for each in fds:
            os.close(each)


def kept_by_another(fds: list[int]) -> None:
    """Returns in the process that becomes the program; the one it comes from waits and tells its id and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, tell = fds
    child = os.fork()
    if child == 0:
        os.close(tell)
        for number, each in enumerate(streams):
            os.dup2(each, number)
            os.close(each)
        return
    for each in (0, 1, 2, *streams):
        os.close(each)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        os.write(tell, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def main() -> None:
    for name in IMPORTED:
        import_module(name)
    gc.collect()
    gc.freeze()
    wanted = forked(socket.socket(fileno=int(sys.argv[1])))
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    tempfile.tempdir = None
    sys.argv = ["-c", *wanted["words"]]
    sys.path[0] = ""
    exec(compile(wanted["program"], "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
