"""How the parser and its child talk: frames of a JSON header and raw bytes, both with their length before them. Never pickle."""

import json
import struct
from typing import cast

HEAD = struct.Struct(">IQ")
HEADER_LIMIT = 16 << 20
BODY_LIMIT = 512 << 20


def frame(header: dict[str, object], body: bytes = b"") -> bytes:
    written = json.dumps(header, ensure_ascii=True, allow_nan=False).encode()
    return HEAD.pack(len(written), len(body)) + written + body


def lengths(head: bytes) -> tuple[int, int]:
    """Lengths of header and body. ValueError where they are beyond any honest frame."""
    header, body = HEAD.unpack(head)
    if header > HEADER_LIMIT or body > BODY_LIMIT:
        raise ValueError("a frame is too long")
    return header, body


def header_of(written: bytes) -> dict[str, object]:
    """ValueError where it is not a JSON object."""
    loaded: object = json.loads(written)
    if not isinstance(loaded, dict):
        raise ValueError("a frame without header")
    return cast(dict[str, object], loaded)
