"""Where the end of the ledger is kept outside of the workspace: a file that is only added to."""

import os
from pathlib import Path

from firmground.errors import OutsideFailed


def to_file(path: Path, line: str) -> None:
    """Add the line, and return once it is on the disk. What could not be written whole is taken back."""
    try:
        new = not path.exists()
        with path.open("ab") as file:
            before = file.tell()
            try:
                file.write(_after_torn(path, before) + line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(path, before)
                raise
        if new:
            handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except OSError as error:
        raise OutsideFailed(f"the anchor could not be written to {path} ({error.strerror})", "name a file that can be") from None


def _after_torn(path: Path, size: int) -> bytes:
    """A line break, where the file ends within a line."""
    if not size:
        return b""
    with path.open("rb") as file:
        file.seek(size - 1)
        return b"" if file.read(1) == b"\n" else b"\n"
