"""The process that parses: one file after another, from a pipe to a pipe, confined before it reads the first one.

Imports little at the top: it should be ready in a few hundredths of a second.
"""

import os
import sys
from collections.abc import Callable
from typing import BinaryIO, cast

from firmground.errors import ParseFailed
from firmground.sources.confine import confine, limit_seconds, system_folders
from firmground.sources.extract import Extracted, Limits, Recognition, extract
from firmground.sources.frames import HEAD, frame, header_of, lengths


def main() -> None:
    """Arguments: pid of the parent, bytes of memory, bytes of written files, and a further folder to read or nothing."""
    parent, memory, file_bytes, data = sys.argv[1:5]
    readable = [*system_folders(), *filter(None, [data])]
    measures = confine(
        parent=int(parent),
        memory=int(memory),
        file_bytes=int(file_bytes),
        readable=readable,
        writable=os.getcwd(),  # noqa: PTH109
    )
    requests, answers = _pipes()
    _send(answers, frame({"measures": measures}))
    while head := requests.read(HEAD.size):
        header_length, body_length = lengths(head)
        request = header_of(requests.read(header_length))
        _send(answers, _answer(request, requests.read(body_length)))


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes of the parent; what a library prints goes to the error output instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, answers


def _send(answers: BinaryIO, written: bytes) -> None:
    answers.write(written)
    answers.flush()


def _answer(request: dict[str, object], content: bytes) -> bytes:
    if "probe" in request:
        return frame({"probe": _probe()})
    limit_seconds(float(cast(float, request["seconds"])))
    if "draw" in request:
        return _guarded(lambda: _drawn(request, content))
    limits = Limits(*cast(list[int], request["limits"]))
    wanted = cast(tuple[list[str], str, list[int]] | None, request["recognition"])
    recognition = Recognition(tuple(wanted[0]), wanted[1], tuple(wanted[2])) if wanted else None
    return _guarded(lambda: _frame_of(extract(str(request["uri"]), content, limits, recognition)))


def _guarded(answer: Callable[[], bytes]) -> bytes:
    """The answer, or why there is none."""
    try:
        return answer()
    except ParseFailed as failed:
        return frame({"code": failed.code, "detail": failed.detail[:1000]})
    except MemoryError:
        return frame({"code": "out_of_memory", "detail": "it needs more memory than the limit: split it"})
    except RecursionError:
        return frame({"code": "limit_exceeded", "detail": "too deeply nested: flatten it"})
    except Exception as wrong:  # noqa: BLE001 - a hostile file may raise anything; the parent reports it
        return frame({"code": "parser_crashed", "detail": f"{type(wrong).__name__}: {wrong}"[:300]})


def _drawn(request: dict[str, object], content: bytes) -> bytes:
    from firmground.sources.draw import draw

    page, width = int(cast(int, request["draw"])), int(cast(int, request["width"]))
    drawn = draw(content, page, str(request["quote"]), width)
    return frame({**drawn._asdict(), "png": None}, drawn.png) if drawn else frame({"missing": True})


def _frame_of(extracted: Extracted) -> bytes:
    header: dict[str, object] = {**extracted._asdict(), "text": None}
    return frame(header, extracted.text.encode("utf-8", "replace"))


def _probe() -> dict[str, str]:
    """What this process can still do, tried rather than believed."""
    import socket

    found: dict[str, str] = {}
    for name, attempt in (
        ("open a network socket", lambda: socket.socket(socket.AF_INET).close()),
        ("read other files", lambda: os.close(os.open("/etc/passwd", os.O_RDONLY))),
        ("write outside its folder", lambda: os.close(os.open("/tmp", os.O_TMPFILE | os.O_RDWR))),  # noqa: S108
        ("cut other files short", lambda: os.truncate("/dev/null", 0)),
        ("start another process", _fork),
        ("start a program", lambda: os.execv("/bin/false", ["false"])),  # noqa: S606
    ):
        try:
            attempt()
            found[name] = "possible"
        except OSError as denied:
            found[name] = f"denied ({denied.strerror})"
    return found


def _fork() -> None:
    made = os.fork()
    if made == 0:
        os._exit(0)
    os.waitpid(made, 0)
