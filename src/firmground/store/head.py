"""The end of the ledger, in a file beside the database: whoever takes entries off the end leaves a file that knows of them.

It is written after the commit, so that nothing which was rolled back ever shows in it; by one process at a time, so that it never goes
back; and as a whole, so that whoever is killed leaves the one before. A disk that refuses is no reason to refuse a decision that has been
committed: the file is then behind, and the next entry catches up.
"""

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

from firmground.errors import Damaged
from firmground.ledger import Head

NAME = "ledger.head"
START = "0" * 64
_log = logging.getLogger("firmground.ledger")


class HeadFile:
    """In the data directory of the workspace, which is not where the tables are when those are on a server."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME

    def read(self) -> Head | None:
        """None where there is no such file. Damaged where it says nothing that can be used."""
        try:
            told = json.loads(self.path.read_bytes())
            return Head(int(told["number"]), str(told["digest"]), datetime.fromisoformat(told["at"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            raise Damaged(
                f"the end of the ledger in {self.path} cannot be read",
                "verify the ledger with an anchor, then take the file away: the next entry writes it anew",
            ) from None

    def begin(self) -> None:
        """For a ledger without an entry: from now on a missing file is known to have been taken away."""
        if not self.path.exists():
            with _harmless(), self._alone():
                if not self.path.exists():
                    self._write(Head(0, START, datetime.now(UTC)))

    def advance(self, head: Head, digest_at: Callable[[int], str | None], *, anew: bool = False) -> None:
        """Tell of this end, unless the file knows of a later one, or of an entry that `digest_at` does not confirm: then it stays as the
        only witness of what is gone. A file that is gone is begun only `anew`, where the ledger itself says so or has just begun."""
        with _harmless(), self._alone():
            known = self.read()
            if known is None and not anew:
                _log.warning("the head of the ledger is gone from %s: the next decision writes that down", self.path.parent)
            elif known is None or (known.number < head.number and digest_at(known.number) == known.digest):
                self._write(head)

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, head: Head) -> None:
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump({"number": head.number, "digest": head.digest, "at": head.at.isoformat()}, file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)


@contextlib.contextmanager
def _harmless() -> Generator[None]:
    """What happened has happened: nothing that goes wrong here may look as if it had not."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - see above
        _log.warning("the end of the ledger could not be kept beside the database (%s)", error)
