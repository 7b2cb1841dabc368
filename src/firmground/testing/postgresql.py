"""A throw-away PostgreSQL server for contract suites: private directory, Unix socket, no network."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from firmground.errors import OutsideFailed


class Server:
    """A running server; its databases vanish with it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = count(1)

    def database(self) -> str:
        """The url of a fresh, empty database."""
        import psycopg

        name = f"fresh_{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql:///{name}?host={self._directory}&user=firmground"


@contextmanager
def postgresql_server() -> Generator[Server]:
    """Needs the server's programs (`initdb`, `postgres`) on the path or where Debian puts them. It refuses to run as root, so root
    hands it to the account `postgres` or `nobody`."""
    programs = _programs()
    directory = Path(tempfile.mkdtemp(prefix="fg-pg-"))
    user = _account() if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user)
    try:
        data = directory / "data"
        initdb = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "firmground",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--no-locale",
        ]
        subprocess.run(initdb, check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)
        start = [programs / "pg_ctl", "-D", data, "-w", "-l", directory / "log"]
        options = f"-c listen_addresses= -c unix_socket_directories={directory} -c fsync=off -c autovacuum=off"
        subprocess.run([*start, "-o", options, "start"], check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)
        try:
            yield Server(directory)
        finally:
            subprocess.run([*start, "-m", "immediate", "stop"], check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs() -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("pg_ctl")
    if not debian and on_path is None:
        raise OutsideFailed("no PostgreSQL server is installed", "apt-get install postgresql")
    return debian[-1] if debian else Path(str(on_path)).parent


def _account() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
