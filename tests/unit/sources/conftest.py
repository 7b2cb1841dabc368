import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmground.sources.parse import SandboxedParser


@pytest.fixture(scope="session")
def parser() -> Iterator[SandboxedParser]:
    parser = SandboxedParser(workers=2)
    yield parser
    parser.close()


@pytest.fixture
def unprivileged(tmp_path: Path) -> Callable[[Callable[[], str]], str]:
    """Runs a function in a child process that is nobody (root may read everything) and returns its text."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(0o755)

    def run(work: Callable[[], str]) -> str:
        reading, writing = os.pipe()
        with warnings.catch_warnings(
            action="ignore", category=DeprecationWarning
        ):  # forking beside threads: only to change the user
            child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setgid(65534)
                    os.setuid(65534)
                os.write(writing, work().encode())
            except BaseException as wrong:  # noqa: BLE001 - everything must reach the parent
                os.write(writing, f"raised {wrong!r}".encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read().decode()
        os.waitpid(child, 0)
        return said

    return run
