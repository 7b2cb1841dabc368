"""What placeholders stand for is kept, found and dropped in the same way on both kinds of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.ports import Database
from firmground.store.database import open_database
from firmground.testing.hidden import HiddenValuesContract
from firmground.testing.postgresql import Server


class TestOnSqlite(HiddenValuesContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = open_database("sqlite", tmp_path)
        yield database
        database.close()


class TestOnPostgresql(HiddenValuesContract):
    @pytest.fixture
    def database(self, tmp_path: Path, server: Server) -> Iterator[Database]:
        database = open_database(server.database(), tmp_path)
        yield database
        database.close()
