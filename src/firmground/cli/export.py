"""`export`: what people made of answers, for tools that label, train and evaluate."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, remark
from firmground.errors import InvalidInput, OutsideFailed, Refused


def export(
    dataset: Annotated[
        str,
        typer.Argument(help="feedback: answers with what was said of them; or pairs of a question and a passage."),
    ],
    form: Annotated[str, typer.Option("--format", help="jsonl, csv, or label-studio (feedback).")] = "jsonl",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there, whole or not at all.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Hand out a dataset: to standard output, or into a file."""
    from firmground.app.teaching.exports import exported

    del debug
    if as_json and out is None:
        raise InvalidInput("--json tells of a file, and none is named", "add --out FILE, or leave --json out")
    if out is not None and out.exists() and not replace:
        raise Refused(f"there is {out} already", "name another file, or replace it with --replace")
    with opened(directory) as app:
        pieces = exported(app, actor(app, None), dataset, form)
        if out is None:
            for piece in pieces:
                typer.echo(piece, nl=False)
            return
        size = _written(out, pieces)
    if as_json:
        print_json({"dataset": dataset, "format": form, "file": str(out), "bytes": size})
    else:
        remark(f"{dataset} in {out} ({size:,} bytes)")


def _written(target: Path, pieces: Iterator[str]) -> int:
    """Bytes. Only who runs the command may read the file, and a part of it is never there under its name."""
    half = target.with_name(f"{target.name}.part")
    try:
        half.unlink(missing_ok=True)
        half.touch(0o600, exist_ok=False)
        with half.open("w", encoding="utf-8", errors="replace", newline="") as file:
            for piece in pieces:
                file.write(piece)
        size = half.stat().st_size
        half.replace(target)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise OutsideFailed(f"cannot write {target} ({error.strerror})", "check space and permissions") from None
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return size
