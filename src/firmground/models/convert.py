"""Turns safetensors weights into the int8 graph that runs here, once, and keeps it beside the weights."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from firmground.errors import Damaged, FirmgroundError, OutsideFailed, StorageFull
from firmground.models.checkpoint import TOKENIZER, WEIGHTS, read_checkpoint, read_tensors, sha256
from firmground.models.runtime import Runtime
from firmground.types import Value, digest

VERSION = "int8-4"
"""Grows whenever the same weights would give other vectors."""

REFERENCE_TEXTS = (
    "Five days of leave may be carried over to the next year.",
    "Rotate the keys of the production database every ninety days, and record who did it.",
    "The invoice is paid within thirty days of receipt.",
)


TYPICAL_TEXTS = (
    *REFERENCE_TEXTS,
    "",
    "?",
    "vacation days",
    "How do I get a new laptop when mine is broken?",
    "def total(rows): return sum(row.price for row in rows)",
    "| Plan | Price | Seats |\n|---|---|---|\n| Small | 9.50 | 5 |\n| Large | 49.00 | 100 |",
    "The committee met on 12 March 2019 in Geneva; Dr. Weber reported a 3.7 % rise in protein binding after treatment with the inhibitor.",
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende.",
    "hello world",
)


class Conversion(Value):
    """What is known of a converted model; `reference` are the float32 vectors of REFERENCE_TEXTS."""

    version: str
    weights: str
    weights_stamp: tuple[int, int]
    tokenizer: str
    settings: dict[str, str | int | float]
    graph: str
    dimension: int
    max_tokens: int
    reference: tuple[tuple[float, ...], ...]

    @property
    def id(self) -> str:
        """What decides a vector: weights, tokenizer, settings, conversion. Where the file lies does not."""
        return digest(
            cast("Any", {"weights": self.weights, "tokenizer": self.tokenizer, "version": self.version} | self.settings)
        )


def graph_path(directory: Path) -> Path:
    return directory / f"firmground-{VERSION}.onnx"


def record_path(directory: Path) -> Path:
    return directory / f"firmground-{VERSION}.json"


def conversion(directory: Path) -> Conversion | None:
    """The conversion kept in `directory`, or None where there is none that belongs to the files beside it."""
    try:
        known = Conversion.model_validate_json(record_path(directory).read_bytes())
    except (OSError, ValueError):
        return None
    checkpoint = read_checkpoint(directory)
    if known.settings != checkpoint.settings or known.tokenizer != sha256(directory / TOKENIZER):
        return None
    if known.weights_stamp != _stamp(directory) and known.weights != sha256(directory / WEIGHTS):
        return None
    return known if graph_path(directory).is_file() else None


def convert(directory: Path) -> Conversion:
    """Write the int8 graph and its record into `directory`, each in one step; several processes may do so at once.

    Damaged where weights are garbled, StorageFull, OutsideFailed where the directory cannot be written.
    """
    from firmground.models.graph import encoder

    checkpoint = read_checkpoint(directory)
    stamp, weights = _stamp(directory), sha256(directory / WEIGHTS)
    tensors = read_tensors(directory / WEIGHTS)
    try:
        exact = Runtime(encoder(checkpoint, tensors), directory / TOKENIZER, checkpoint.max_tokens, threads=1)
        graph = encoder(checkpoint, tensors, _largest(exact))
        reference = exact.embed(REFERENCE_TEXTS, checkpoint.hidden)
    except (KeyError, ValueError, IndexError) as error:
        raise Damaged(f"the weights in {directory} lack or garble {error}", "fetch the model again") from None
    write_whole(graph_path(directory), graph)
    made = Conversion(
        version=VERSION,
        weights=weights,
        weights_stamp=stamp,
        tokenizer=sha256(directory / TOKENIZER),
        settings=checkpoint.settings,
        graph=sha256(graph_path(directory)),
        dimension=checkpoint.hidden,
        max_tokens=checkpoint.max_tokens,
        reference=tuple(tuple(round(float(x), 5) for x in row) for row in reference),
    )
    write_whole(record_path(directory), json.dumps(made.model_dump(mode="json")).encode())
    return made


def write_whole(path: Path, content: bytes) -> None:
    """The file holds all of `content` or is as it was, also after a crash."""
    unfinished = ""
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except OSError as error:
        if unfinished:
            Path(unfinished).unlink(missing_ok=True)
        raise cannot_write(path.parent, error) from None


def cannot_write(directory: Path, error: OSError) -> FirmgroundError:
    if error.errno in {28, 122}:
        return StorageFull(f"no space left for the model in {directory}", "free about 250 MB there")
    return OutsideFailed(
        f"cannot write into {directory} ({error.strerror or error})",
        "make it writable or name another directory in FIRMGROUND_MODELS",
    )


def _largest(exact: Runtime) -> dict[str, NDArray[np.float32]]:
    """The largest size of each channel over TYPICAL_TEXTS. It shapes the rounding only: larger values are not cut."""
    seen = [exact.outputs(ids) for ids in exact.tokens(TYPICAL_TEXTS)]
    return {name: np.max([one[name] for one in seen], axis=0) for name in seen[0] if name != "vectors"}


def _stamp(directory: Path) -> tuple[int, int]:
    status = (directory / WEIGHTS).stat()
    return status.st_size, status.st_mtime_ns
