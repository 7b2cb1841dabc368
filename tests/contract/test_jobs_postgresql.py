from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from firmground.errors import OutsideFailed
from firmground.ports import Jobs
from firmground.store.jobs import SqlJobs, open_jobs
from firmground.testing.jobs import JobsContract
from firmground.testing.postgresql import Server


class TestPostgresqlJobs(JobsContract):
    @pytest.fixture
    def jobs(self, tmp_path: Path, server: Server) -> Iterator[SqlJobs]:
        self.directory, self.url = tmp_path, server.database()
        self.opened = [open_jobs(self.directory, self.url)]
        yield self.opened[0]
        for jobs in self.opened:
            jobs.close()

    def reopened(self, jobs: Jobs) -> Jobs:
        self.opened.append(open_jobs(self.directory, self.url))
        return self.opened[-1]

    def test_a_worker_whose_connection_broke_stops_and_the_job_goes_on(self, jobs: SqlJobs):
        def broken(context, _inputs):
            context.step("first", lambda: "recorded")
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")
            other = self.reopened(jobs)
            other.work({"job": lambda context, _: context.step("first", lambda: "again")}, until=lambda: not other.unfinished())
            return "late"

        id = jobs.submit("job", {})
        with pytest.raises(OutsideFailed, match="held the worker lease broke"):
            jobs.work({"job": broken}, until=lambda: False)

        assert jobs.get(id).result == "recorded"
        assert not jobs.working()

    def test_workspaces_in_databases_of_one_server_do_not_disturb_each_other(self, jobs: SqlJobs, server: Server, tmp_path: Path):
        other = open_jobs(tmp_path, server.database())
        self.opened.append(other)
        id = other.submit("job", {})

        def handle(_context, _inputs):
            assert not other.working()
            other.work({"job": lambda *_: "both"}, until=lambda: not other.unfinished())

        jobs.submit("job", {})
        self.run_all(jobs, job=handle)
        assert other.get(id).result == "both"


def test_a_server_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(OutsideFailed, match="did not answer"):
        open_jobs(tmp_path, f"postgresql:///x?host={tmp_path}")
