"""Throw nonsense, and mutated true files, at everything that reads what others wrote.

    python -m benchmarks.fuzzing --seconds 600 --target parsers|guards|renderers [--seed N] [--json]

Prints executions, crashes (with the smallest input that hypothesis found), and how time grows with length: each part gets texts of one
repeated piece at four lengths, and the exponent of time over length is fitted; above 1.6 it is suspected to be quadratic and named with
the piece. Exits 1 when anything crashed or is suspected. What is thrown, and at what: `benchmarks/fuzzed.py`.
"""

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks.fuzzed import PIECES, Fuzzed, of

_LENGTHS = (2_000, 4_000, 8_000, 16_000)
_SUSPECT = 1.6
_WORTH_SECONDS = 0.02
"""Times below are noise."""
_LONGEST_SECONDS = 1.0
_ROUND = 200


@dataclass
class Findings:
    executions: Counter[str] = field(default_factory=Counter[str])
    crashes: dict[str, str] = field(default_factory=dict[str, str])
    slowest: dict[str, tuple[float, float, str]] = field(default_factory=dict[str, tuple[float, float, str]])
    """By part: exponent, seconds at the greatest length, piece."""

    def suspects(self) -> dict[str, tuple[float, float, str]]:
        return {name: found for name, found in self.slowest.items() if found[0] > _SUSPECT}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--target", choices=("parsers", "guards", "renderers"), required=True)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", help="the part with this name alone")
    options.add_argument("--json", action="store_true", help="one JSON document")
    asked = options.parse_args()
    with of(asked.target) as parts:
        found = fuzz([part for part in parts if asked.only in {None, part.name}], asked.seconds, asked.seed)
    print(as_json(found) if asked.json else as_text(found))
    return 1 if found.crashes or found.suspects() else 0


def fuzz(parts: Sequence[Fuzzed], seconds: float, first: int) -> Findings:
    """A third of the time for growth, the rest for nonsense, part by part, round by round with another seed each."""
    found = Findings()
    until = time.monotonic() + seconds / 3
    pieces = random.Random(first).sample(PIECES, len(PIECES))
    for at, piece in enumerate(pieces):
        for part in parts:
            if part.long is not None and time.monotonic() < until:
                grown(found, part.name, part.long, piece)
        if time.monotonic() >= until:
            print(f"growth: {at + 1} of {len(pieces)} pieces tried", file=sys.stderr)
            break
    until = time.monotonic() + seconds * 2 / 3
    number = first
    while time.monotonic() < until:
        for part in parts:
            if time.monotonic() < until:
                thrown(found, part, number, _ROUND)
        number += 1
    return found


def thrown(found: Findings, part: Fuzzed, number: int, most: int) -> None:
    """One round: a crash is kept with the smallest input that brings it about."""

    def once(value: Any) -> None:
        found.executions[part.name] += 1
        part.throw(value)

    # Shrinking takes as long as it takes, so only the first crash of a part is shrunk.
    phases = [Phase.generate] + ([] if part.name in found.crashes else [Phase.shrink])
    run = settings(max_examples=most, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck))
    try:
        seed(number)(run(given(part.values)(once)))()
    except Exception as wrong:  # noqa: BLE001 - whatever it is, it is a finding
        notes = " ".join(getattr(wrong, "__notes__", []))
        found.crashes.setdefault(part.name, f"{type(wrong).__name__}: {wrong} {notes}"[:1000])


def grown(found: Findings, name: str, read: Callable[[str], object], piece: tuple[str, str, str]) -> None:
    """Keep the piece whose repetition makes the time grow fastest. Most take no time at all, and are tried at one length only."""
    found.executions[name] += 1
    if _seconds(read, piece, _LENGTHS[-2]) < _WORTH_SECONDS / 4:
        return
    times: list[float] = []
    for length in _LENGTHS:
        times.append(_seconds(read, piece, length))
        found.executions[name] += 1
        if times[-1] > _LONGEST_SECONDS:
            break
    exponent = slope(_LENGTHS[: len(times)], times)
    if exponent > found.slowest.get(name, (-math.inf, 0, ""))[0]:
        found.slowest[name] = (exponent, times[-1], f"{piece[0]!r} + {piece[1]!r} × n + {piece[2]!r}")


def _seconds(read: Callable[[str], object], piece: tuple[str, str, str], length: int) -> float:
    before, repeated, after = piece
    text = before + repeated * (length // len(repeated)) + after
    return min(_once(read, text), _once(read, text))


def _once(read: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    read(text)
    return time.process_time() - start


def slope(lengths: Sequence[int], times: Sequence[float]) -> float:
    """The exponent of time over length between the last two lengths that took long enough to tell; 0 where none did."""
    if len(times) < 2 or times[-1] < _WORTH_SECONDS or times[-2] <= 0:
        return 0.0
    return math.log(times[-1] / times[-2]) / math.log(lengths[len(times) - 1] / lengths[len(times) - 2])


def as_text(found: Findings) -> str:
    lines = [
        f"{sum(found.executions.values())} executions, {len(found.crashes)} crashes, {len(found.suspects())} suspected of growth"
    ]
    lines += [f"  {name}: {count}" for name, count in found.executions.most_common()]
    lines += [f"crash in {name}: {told}" for name, told in found.crashes.items()]
    lines += [
        f"{'SUSPECTED' if exponent > _SUSPECT else 'growth'} {name}: length^{exponent:.2f}, {seconds:.3f} s at the longest, {piece}"
        for name, (exponent, seconds, piece) in sorted(found.slowest.items(), key=lambda each: -each[1][0])
        if exponent > 0
    ]
    return "\n".join(lines)


def as_json(found: Findings) -> str:
    told = {
        "executions": found.executions,
        "crashes": found.crashes,
        "growth": {
            name: {"exponent": round(e, 2), "seconds": round(s, 3), "piece": p} for name, (e, s, p) in found.slowest.items()
        },
        "suspects": sorted(found.suspects()),
    }
    return json.dumps(told, indent=1, ensure_ascii=True)


if __name__ == "__main__":
    sys.exit(main())
