"""Make a workspace: an empty one, or the sample."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path

from firmground.app.asking.prompting import DEFAULT, packaged
from firmground.errors import InvalidInput, OutsideFailed, Refused
from firmground.gate import brief, brief_file
from firmground.settings import FILE_NAME

_UNTIL_FIRST_REVIEW = timedelta(days=90)
_SAMPLE_TIME = datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp()
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
        _write_brief(directory / brief.FILE_NAME, sample=sample)
        _write_policy(directory / "policy.toml")
        if not (directory / ".gitignore").exists():
            (directory / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")
        # Last, because a directory with this file is a finished workspace.
        (directory / FILE_NAME).write_text(_settings(sample=sample), encoding="utf-8")
    except OSError as error:
        raise OutsideFailed(
            f"cannot write a workspace into {directory} ({error.strerror})", "check permissions and free space"
        ) from None
    return directory.absolute()


def _settings(*, sample: bool) -> str:
    """The sample's documents hold addresses and telephone numbers of everybody who works there: its people read them, models and logs need
    not. And there are questions that a person should answer."""
    template = files("firmground.app").joinpath("firmground.toml.template").read_text(encoding="utf-8")
    if not sample:
        return template
    rules = (files("firmground") / "sample" / "rules.toml").read_text(encoding="utf-8")
    return template.replace('personal_data = "allow" ', 'personal_data = "mask"  ', 1) + "\n" + rules


def _write_prompt(path: Path) -> None:
    """The prompt that comes with Firmground, to be changed there; one that is there already stays."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(packaged("answer"), encoding="utf-8")


def _write_brief(path: Path, *, sample: bool) -> None:
    """Its questions without answers; of the sample with its answers, which are looked at again a while after they were written here, so
    that they are never late when they are new."""
    if not path.exists():
        shipped = files("firmground") / "sample" / brief.FILE_NAME
        review = datetime.now(UTC).date() + _UNTIL_FIRST_REVIEW
        path.write_text(
            brief_file.sample(shipped.read_text(encoding="utf-8"), review) if sample else brief_file.empty(), encoding="utf-8"
        )


def _write_policy(path: Path) -> None:
    """All that can be asked, at the thresholds the product stands for."""
    if not path.exists():
        template = files("firmground.gate").joinpath("policy.toml.template")
        path.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")


def _copy_sample(directory: Path) -> None:
    with as_file(files("firmground") / "sample") as source:
        for part in ("documents", "golden"):
            if (source / part).is_dir():
                shutil.copytree(source / part, directory / part, dirs_exist_ok=True, copy_function=_copy_undated)


def _copy_undated(source: str, target: str) -> str:
    """With a time of its own, since answers look at it: everybody's sample is the same, however it came here."""
    shutil.copyfile(source, target)
    os.utime(target, (_SAMPLE_TIME, _SAMPLE_TIME))
    return target
