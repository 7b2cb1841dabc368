"""One PostgreSQL server for all contracts; each test has a database or a schema of its own there."""

from collections.abc import Iterator

import pytest

from firmground.testing.postgresql import Server, postgresql_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgresql_server() as server:
        yield server
