"""What is tried out before a release may go live: each exercise on the real answer path, in a place of its own, anew at each audit."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from firmground.app.app import App
from firmground.app.launching.exercising.fallback import fallback
from firmground.app.launching.exercising.log import log
from firmground.app.launching.exercising.personal import personal
from firmground.app.launching.exercising.place import in_time, told
from firmground.gate.facts import Exercise
from firmground.ports import Transaction
from firmground.release.record import Release
from firmground.types import Json

Exercising: TypeAlias = Callable[[App, Release], Exercise]
OURS: Mapping[str, Exercising] = {"personal_data": personal, "fallback": fallback, "log": log}
"""By name; the doors add those that need a door."""
LONG = frozenset({"red_team"})
"""Those that take so long that they are tried only where the policy asks for what they show."""
EXERCISES = "exercise"
"""Namespace of their records: `<name>/<digest of the release>`, or `<name>` where it is not about one release."""
_SECONDS = 300.0


def tried(app: App, release: Release, name: str, exercise: Exercising, *, seconds: float = _SECONDS) -> Exercise:
    """Try it. One that raises, or comes to no end, has failed, and says so."""
    try:
        return in_time(lambda: exercise(app, release), seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, the audit goes on and tells of it
        said = f"it could not be tried: {told(error)}"
        return Exercise(name=name, at=app.clock(), passed=False, tried=0, said=said, findings=(said,))


def keep(tx: Transaction, release: str, made: Exercise) -> None:
    """Remember the latest of its name on a release (its digest)."""
    tx.put_fact(EXERCISES, f"{made.name}/{release}", made.model_dump(mode="json"))


def kept(tx: Transaction, release: str) -> dict[str, Exercise]:
    """The latest of each on this release (its digest), and those that are about no release. One that cannot be read is left out."""
    found: dict[str, Exercise] = {}
    for key, packed in tx.facts(EXERCISES).items():
        name, slash, digest = key.partition("/")
        made = _read(packed) if not slash or digest == release else None
        if made is not None:
            found[name] = made
    return found


def _read(packed: Json) -> Exercise | None:
    try:
        return Exercise.model_validate(packed)
    except ValueError:
        return None
