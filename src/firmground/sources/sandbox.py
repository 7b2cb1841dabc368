"""Child processes that parse: started, spoken to within a time limit, ended."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple, cast

from firmground.errors import FirmgroundError, ParseFailed
from firmground.sources.frames import HEAD, frame, header_of, lengths
from firmground.sources.scratch import Scratch

_START_SECONDS = 30.0
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
_PROGRAM = f"import sys; sys.path.append({_PACKAGE_ROOT!r}); from firmground.sources.child import main; main()"
_PIPE_PART = 1 << 16


class Bounds(NamedTuple):
    """What one child may use: bytes of address space, bytes of files it writes (into its own empty folder)."""

    memory: int = 1_500 << 20
    file_bytes: int = 64 << 20


class Child:
    """One confined process. Not thread-safe; after any ParseFailed of `ask` that ended it, `alive` is False and it is to be dropped."""

    def __init__(self, bounds: Bounds, data: str) -> None:
        self.files = 0
        self._folder = Scratch()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        environment = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_THREAD_LIMIT": "1", "HOME": self._folder.name}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, str(os.getpid()), str(bounds.memory), str(bounds.file_bytes), data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._folder.name,
            env={**environment, "TMPDIR": self._folder.name},
            start_new_session=True,
            bufsize=0,
        )
        self._to, self._from = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        os.set_blocking(self._to.fileno(), False)
        try:
            greeting, _ = self._receive(time.monotonic() + _START_SECONDS)
        except (ParseFailed, EOFError, ValueError, OSError) as wrong:
            said = self._last_words()
            self.end()
            raise FirmgroundError(f"the parsing process does not start ({said or wrong})", "run firmground doctor") from wrong
        self.measures = {str(key): str(value) for key, value in cast(dict[str, object], greeting["measures"]).items()}

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, header: dict[str, object], content: bytes, seconds: float) -> tuple[dict[str, object], bytes]:
        """Its answer within `seconds`. ParseFailed `timeout`, `out_of_memory` or `parser_crashed`: then it has been ended."""
        self.files += 1
        deadline = time.monotonic() + seconds
        try:
            self._write(frame(header, content), deadline)
            return self._receive(deadline)
        except ParseFailed:
            self.end()
            raise
        except (OSError, EOFError, ValueError) as wrong:
            raise self._post_mortem(seconds) from wrong

    def _write(self, written: bytes, deadline: float) -> None:
        view = memoryview(written)
        while view:
            self._wait(self._to.fileno(), select.POLLOUT, deadline)
            view = view[os.write(self._to.fileno(), view[:_PIPE_PART]) :]

    def _receive(self, deadline: float) -> tuple[dict[str, object], bytes]:
        header_length, body_length = lengths(self._read(HEAD.size, deadline))
        return header_of(self._read(header_length, deadline)), self._read(body_length, deadline)

    def _read(self, length: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while length:
            self._wait(self._from.fileno(), select.POLLIN, deadline)
            part = os.read(self._from.fileno(), min(length, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            raise ParseFailed("timeout", "it took longer than the limit: split it, or raise the limit")

    def _post_mortem(self, seconds: float) -> ParseFailed:
        """Why the child died, from its signal and its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        ended, said = self._process.poll(), self._last_words()
        self.end()
        if ended == -signal.SIGXCPU:
            return ParseFailed(
                "timeout", f"it used more than {seconds:.0f} seconds of processor time: split it, or raise the limit"
            )
        if any(
            words in said
            for words in ("memory allocation", "bad_alloc", "MemoryError", "out of memory", "Cannot allocate memory")
        ):
            return ParseFailed("out_of_memory", "it needs more memory than the limit: split it, or raise the limit")
        how = signal.Signals(-ended).name if ended and ended < 0 else str(ended)
        return ParseFailed(
            "parser_crashed", f"the parsing process died ({how}): save the file again, in another format if need be"
        )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - 4096))
            return " ".join(self._errors.read().decode("utf-8", "replace").split())[-400:]
        return ""

    def end(self) -> None:
        """Kill it with all it may have started, and remove its folder. Doing it twice changes nothing."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._to, self._from, self._errors):
            stream.close()
        self._folder.cleanup()


class Nursery:
    """Starts children from one thread of its own, which lives as long as it: the kernel kills a child when the *thread* that started
    it ends, so no short-lived thread may start one."""

    def __init__(self, bounds: Bounds, data: str) -> None:
        self._bounds, self._data = bounds, data
        self._thread = ThreadPoolExecutor(1, "firmground-parse")

    def start(self) -> Child:
        return self._thread.submit(Child, self._bounds, self._data).result()

    def close(self) -> None:
        self._thread.shutdown()


def sandbox_report() -> dict[str, str]:
    """What holds a parsing process back on this machine, and what such a process found it can do; for `firmground doctor`."""
    nursery = Nursery(Bounds(), "")
    try:
        child = nursery.start()
        answer, _ = child.ask({"probe": True}, b"", 10)
        child.end()
    except ParseFailed as failed:
        raise FirmgroundError(
            f"the parsing process failed its check ({failed.detail})", "run firmground doctor --debug"
        ) from failed
    finally:
        nursery.close()
    tried = cast(dict[str, str], answer["probe"])
    return child.measures | {f"a parser can {what}": outcome for what, outcome in tried.items()}
