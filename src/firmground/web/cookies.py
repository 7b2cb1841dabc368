"""What a browser kept for us.

Ours hold no quotes. Those of others on the same host may, and undoing them takes some versions of Python a time that grows with the
square of their length: so nobody here does, and the framework, which reads cookies for every route, does not see them.
"""

from collections.abc import Iterable

from starlette.datastructures import Headers


def cookie(headers: Headers, name: str) -> str:
    """The last of this name; empty where there is none."""
    found = ""
    for header in headers.getlist("cookie"):
        for pair in header.split(";"):
            given, _sign, value = pair.partition("=")
            if given.strip() == name:
                found = value.strip()
    return found


def without_quotes(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a request, without cookies that are quoted."""
    return [(name, _plain(value) if name == b"cookie" and b'"' in value else value) for name, value in headers]


def _plain(header: bytes) -> bytes:
    return b";".join(pair for pair in header.split(b";") if b'"' not in pair)
