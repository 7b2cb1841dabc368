"""Reads a lock file: what is pinned there, with hashes, and who asked for it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BASE = ROOT / "locks" / "base.lock"
DEV = ROOT / "locks" / "dev.lock"
_PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? \\$")
_HASH = re.compile(r"^    --hash=sha256:([0-9a-f]{64})(?: \\)?$")
_VIA = re.compile(r"^    #(?: via|  )? +(?P<name>[a-z0-9-]+)(?: \(.*pyproject\.toml(?::(?P<group>\w+))?\))?$")


class Pin(NamedTuple):
    name: str
    version: str
    marker: str
    """On which machines it is installed; empty for all."""
    hashes: tuple[str, ...]
    """SHA-256 of each file that pip accepts for it."""
    wanted_by: tuple[str, ...]
    """Names of packages; "firmground" for our own."""
    groups: tuple[str, ...]
    """Of ours that want it: "" for the program itself."""


def pins(lock: Path) -> list[Pin]:
    """Each pin of the lock in its order. ValueError on a line that is none of those a lock has."""
    return [_pin(block) for block in _blocks(lock)]


def _blocks(lock: Path) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(" ") and block:
            yield block
            block = []
        block.append(line)
    yield block


def _pin(block: list[str]) -> Pin:
    first = _PIN.match(block[0])
    if first is None:
        raise ValueError(f"not a pin with hashes: {block[0]}")
    hashes, wanted_by, groups = list[str](), list[str](), list[str]()
    for line in block[1:]:
        if held := _HASH.match(line):
            hashes.append(held[1])
        elif wants := _VIA.match(line):
            wanted_by.append(wants["name"])
            groups += [wants["group"] or ""] if wants["name"] == "firmground" else []
        elif line.strip() != "# via" and not line.startswith("    #   -c "):
            raise ValueError(f"not a line of a lock: {line}")
    if not hashes:
        raise ValueError(f"a pin without hashes: {block[0]}")
    return Pin(first["name"], first["version"], first["marker"] or "", tuple(hashes), tuple(wanted_by), tuple(groups))
