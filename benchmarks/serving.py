"""A real server on the sample handbook, and a language model that takes its time, for what is measured from outside."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from firmground.app.corpus.sync import sync
from firmground.app.setup import init
from firmground.types import Actor
from firmground.wire import open_workspace

ADMINISTRATOR = Actor(person="admin", groups=frozenset({"public", "everyone"}), role="owner")
PIECES = 40
"""Of an answer, about."""


class Server(NamedTuple):
    address: str
    pid: int


def sample(place: Path) -> None:
    """Make the sample workspace there, and sync it."""
    init(place, sample=True)
    with open_workspace(place) as app:
        sync(app, ADMINISTRATOR)


@contextmanager
def slow_model(place: Path, seconds: float) -> Iterator[None]:
    """The workspace is answered for by a model whose answers take so long."""
    script = place / "script.yaml"
    script.write_text(f"default:\n  delay: {seconds / PIECES}\n")
    command = [sys.executable, "-m", "firmground.testing.model_server", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as model:
        assert model.stdout is not None
        url = model.stdout.readline().split()[-1]
        path = place / "firmground.toml"
        before = path.read_text()
        written = re.sub(r'(?m)^model = "extractive"', 'model = "slow/scripted"', before)
        path.write_text(f'{written}\n[models.slow]\nbase_url = "{url}"\n')
        try:
            yield
        finally:
            path.write_text(before)
            model.terminate()


@contextmanager
def serving(place: Path, settings: Mapping[str, object] | None = None) -> Iterator[Server]:
    """`settings`: of the section `serve`."""
    more = {f"FIRMGROUND_SERVE__{name.upper()}": str(value) for name, value in (settings or {}).items()}
    command = [str(Path(sys.executable).parent / "firmground"), "serve", "--port", "0", "--workspace", str(place)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **more}) as server:
        try:
            assert server.stderr is not None
            found = re.search(r"http://\S+", server.stderr.readline())
            assert found is not None
            yield Server(found[0].rstrip("/"), server.pid)
        finally:
            server.terminate()
            server.wait()
