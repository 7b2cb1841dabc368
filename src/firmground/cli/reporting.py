"""Reports that commands write to files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from firmground.errors import InvalidInput, OutsideFailed

Told = TypeVar("Told")


def writer(path: Path | None, forms: dict[str, Callable[[Told], str]]) -> Callable[[Told], None]:
    """What writes a report to the file, by the end of its name. Before anything is done: InvalidInput for another end,
    OutsideFailed where nothing can be written."""
    if path is None:
        return lambda _: None
    form = forms.get(path.suffix.lower())
    if form is None:
        raise InvalidInput(f"{path} is none of {', '.join(forms)}", "name a file that ends in one of them")

    def refused(why: str | None) -> OutsideFailed:
        return OutsideFailed(f"cannot write {path} ({why})", "name a file that can be written")

    if not path.parent.is_dir():
        raise refused("there is no such folder")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise refused("it is a folder" if path.is_dir() else "permission denied")

    def write(found: Told) -> None:
        try:
            path.write_text(form(found), encoding="utf-8")
        except OSError as error:
            raise refused(error.strerror) from None

    return write
