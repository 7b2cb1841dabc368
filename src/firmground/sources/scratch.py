"""Temporary folders that do not outlive their process, however it ends."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "firmground-parse-"


class Scratch:
    """An empty folder of this process's own. It is locked as long as the process lives, so that a later one can tell which folders
    were left behind; process numbers would not do, for containers may share the place."""

    def __init__(self) -> None:
        while True:
            self.name = tempfile.mkdtemp(prefix=_PREFIX)
            lock = _locked(self.name)
            if lock is not None:
                self._lock = lock
                return

    def cleanup(self) -> None:
        """Remove it. Doing it twice changes nothing."""
        lock, self._lock = self._lock, -1
        if lock >= 0:
            _remove(self.name)
            os.close(lock)


def _remove(name: str) -> None:
    """With all it holds, even while a child that is just being killed still writes into it."""
    for _ in range(10):
        shutil.rmtree(name, ignore_errors=True)
        if not os.path.lexists(name):
            return
        time.sleep(0.02)


def sweep() -> None:
    """Remove the folders that processes which were killed have left; those of other users stay."""
    with contextlib.suppress(OSError):
        for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            lock = _locked(str(path))
            if lock is not None:
                _remove(str(path))
                os.close(lock)


def _locked(name: str) -> int | None:
    """A handle that holds the folder's lock, or None where somebody has it or the folder is gone or not ours."""
    handle = -1
    with contextlib.suppress(OSError):
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever swept it between its making and its locking has removed it under this lock.
        if os.fstat(handle).st_uid == os.geteuid() and os.path.samestat(os.fstat(handle), Path(name).lstat()):
            return handle
    if handle >= 0:
        os.close(handle)
    return None
