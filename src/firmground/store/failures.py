"""What SQLite and PostgreSQL complain of, in our own errors. Never shows a parameter: it may be somebody's text."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from firmground.errors import Busy, Damaged, FirmgroundError, InvalidInput, OutsideFailed, StorageFull


@contextmanager
def told(place: str) -> Generator[None]:
    """Errors of the database at `place` (its path or url) leave the block as errors of ours."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(place, error) from error
    except sqlite3.Error as error:
        raise _from_sqlite(place, error) from error
    except PoolTimeout as error:
        raise busy() from error
    except UnicodeEncodeError as error:
        raise InvalidInput("a text holds characters that are no valid Unicode", "save it as UTF-8") from error


def busy(_: str = "") -> Busy:
    """It does not say where the database is: whoever asks a question may read it."""
    return Busy("the database is held by another writer", "try again when it is done; `firmground status` shows what runs")


def _translated(place: str, error: DBAPIError) -> FirmgroundError:
    if isinstance(error.orig, sqlite3.Error):
        return _from_sqlite(place, error.orig)
    if isinstance(error, DataError):
        return InvalidInput("a value holds characters or a size that the database cannot store", "remove them")
    return _from_postgresql(place, error)


def _from_sqlite(place: str, error: sqlite3.Error) -> FirmgroundError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _SQLITE:
        return _SQLITE[code](place)
    if code == sqlite3.SQLITE_IOERR:
        return OutsideFailed(f"the disk under {place} failed ({error})", "check the disk and its free space")
    return FirmgroundError(f"the database {place} refused a statement ({error})", "run `firmground doctor` and report this")


def _from_postgresql(place: str, error: DBAPIError) -> FirmgroundError:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    said = getattr(getattr(error.orig, "diag", None), "message_primary", None) or str(error.orig).partition("\n")[0]
    if state in {"53100", "53400"}:
        return full(place)
    if state in {"55P03", "40001", "40P01", "53300"}:
        return busy()
    if state.startswith("XX"):
        return damaged(place)
    if state in {"42501", "25006", "3F000"}:
        return OutsideFailed(
            f"the database {place} may not be written ({said})", "give its user the right to create and write tables"
        )
    if not state or state[:2] in {"08", "28", "3D", "57", "58"}:
        return OutsideFailed(
            f"the database {place} did not answer ({said})", "check that it runs and that url and account are right"
        )
    return FirmgroundError(f"the database {place} refused a statement ({said})", "run `firmground doctor` and report this")


def full(place: str) -> StorageFull:
    return StorageFull(f"the disk under {place} is full", "free some space and run it again; what was stored before is intact")


def damaged(place: str) -> Damaged:
    return Damaged(f"the database {place} is damaged", "restore it from a backup, or move it away and sync again")


def _forbidden(place: str) -> OutsideFailed:
    return OutsideFailed(f"the database {place} may not be written", "give this user write access to its folder")


def _unopened(place: str) -> OutsideFailed:
    return OutsideFailed(
        f"the database {place} cannot be opened", "check that its folder exists and that this user may write there"
    )


def _too_large(_: str) -> InvalidInput:
    return InvalidInput("a value is larger than the database can store", "split the document")


_SQLITE: dict[int, Callable[[str], FirmgroundError]] = {
    sqlite3.SQLITE_FULL: full,
    sqlite3.SQLITE_BUSY: busy,
    sqlite3.SQLITE_LOCKED: busy,
    sqlite3.SQLITE_CORRUPT: damaged,
    sqlite3.SQLITE_NOTADB: damaged,
    sqlite3.SQLITE_READONLY: _forbidden,
    sqlite3.SQLITE_PERM: _forbidden,
    sqlite3.SQLITE_AUTH: _forbidden,
    sqlite3.SQLITE_CANTOPEN: _unopened,
    sqlite3.SQLITE_TOOBIG: _too_large,
}
