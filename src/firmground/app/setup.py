"""Make a workspace: an empty one, or the sample."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from firmground.app.prompting import DEFAULT, packaged
from firmground.errors import InvalidInput, OutsideFailed, Refused
from firmground.settings import FILE_NAME

_GITIGNORE = ".firmground/\n"


def init(directory: Path, *, sample: bool = False) -> Path:
    """Write a new workspace into `directory` (made if need be) and return it. Refused where one is already; nothing is overwritten."""
    if (directory / FILE_NAME).exists():
        raise Refused(f"{directory} is a workspace already", "use it, or name another directory")
    if directory.exists() and not directory.is_dir():
        raise InvalidInput(f"{directory} is not a directory", "name a directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if sample:
            _copy_sample(directory)
        (directory / "documents").mkdir(exist_ok=True)
        _write_prompt(directory / DEFAULT)
        if not (directory / ".gitignore").exists():
            (directory / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
        # Last, because a directory with this file is a finished workspace.
        template = files("firmground.app").joinpath("firmground.toml.template").read_text(encoding="utf-8")
        (directory / FILE_NAME).write_text(template, encoding="utf-8")
    except OSError as error:
        raise OutsideFailed(
            f"cannot write a workspace into {directory} ({error.strerror})", "check permissions and free space"
        ) from None
    return directory.absolute()


def _write_prompt(path: Path) -> None:
    """The prompt that comes with Firmground, to be changed there; one that is there already stays."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(packaged("answer"), encoding="utf-8")


def _copy_sample(directory: Path) -> None:
    with as_file(files("firmground") / "sample") as source:
        for part in ("documents", "golden"):
            if (source / part).is_dir():
                shutil.copytree(source / part, directory / part, dirs_exist_ok=True)
