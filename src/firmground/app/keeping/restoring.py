"""Put restored data in the place of the data there is, whatever is killed in between.

The data directory itself may be a volume that cannot be renamed, so what is in it is moved: the old out, then the new in. A journal tells
how far that is. As long as it lies there nothing else opens the workspace, and the next restore goes on where it stopped.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from firmground.app.keeping.backup import SCRATCH, settle
from firmground.errors import Damaged

JOURNAL = "restoring.json"
ASIDE = "before-restore-"
_NEW = "restored-"
_STAYS = (JOURNAL, "worker.lock")
"""The lease is of the place, not of what lies there."""
_Phase: TypeAlias = Literal["loading", "out", "in"]


def loading(data: Path) -> None:
    """From now on the database on a server may not be what lies here is about."""
    _note(data, "loading", "")


def swap(data: Path, new: Path, stamp: str) -> Path:
    """What the folder `new` holds takes the place of what `data` holds, which is kept in the folder that is returned."""
    ready = data / f"{_NEW}{stamp}"
    new.rename(ready)
    settle(data)
    _note(data, "out", stamp)
    finish(data)
    return data / f"{ASIDE}{stamp}"


def finish(data: Path) -> None:
    """Go on with a restore that was cut off. One that was cut off before anything was moved begins anew."""
    if not (data / JOURNAL).exists():
        return
    phase, stamp = _noted(data)
    new, aside = data / f"{_NEW}{stamp}", data / f"{ASIDE}{stamp}"
    if phase == "loading":
        return
    if phase == "out":
        aside.mkdir(mode=0o700, exist_ok=True)
        for path in _present(data):
            path.rename(aside / path.name)
        settle(aside)
        settle(data)
        _note(data, "in", stamp)
    if new.is_dir():
        for path in list(new.iterdir()):
            path.rename(data / path.name)
        settle(data)
        new.rmdir()
    done(data)


def done(data: Path) -> None:
    """Nothing is under way any more."""
    (data / JOURNAL).unlink(missing_ok=True)
    settle(data)


def _present(data: Path) -> list[Path]:
    return [path for path in data.iterdir() if path.name not in _STAYS and not path.name.startswith((SCRATCH, ASIDE, _NEW))]


def _note(data: Path, phase: _Phase, stamp: str) -> None:
    new = data / f"{SCRATCH}journal"
    with new.open("w", encoding="utf-8") as file:
        json.dump({"phase": phase, "stamp": stamp}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(data / JOURNAL)
    settle(data)


def _noted(data: Path) -> tuple[_Phase, str]:
    try:
        told = cast("dict[str, Any]", json.loads((data / JOURNAL).read_bytes()))
        phase, stamp = cast("_Phase", told["phase"]), str(told["stamp"])
    except (OSError, ValueError, TypeError, KeyError):
        phase, stamp = "out", ""
    if phase != "loading" and not (phase in {"out", "in"} and re.fullmatch(r"[\d-]+", stamp)):
        raise Damaged(
            f"{data / JOURNAL} cannot be read", f"look at the folders {ASIDE}* and {_NEW}* beside it, which hold the data"
        )
    return phase, stamp
