"""Files that somebody else writes, read without ever waiting for them."""

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """Up to `most` bytes of a file. OSError also where it is none, but a pipe, a device or a folder: reading those may never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        raise OSError(errno.EINVAL, os.strerror(errno.EISDIR) if stat.S_ISDIR(kind) else "it is no file", str(path))
    with os.fdopen(handle, "rb") as file:
        return file.read(most)
