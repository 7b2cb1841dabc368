import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.errors import Damaged, InvalidInput, OutsideFailed, Refused, StorageFull
from firmground.ports import JobContext, Jobs
from firmground.store.jobs import KEPT, SqlJobs, open_jobs
from firmground.store.lease import FileLease
from firmground.testing.jobs import JobsContract
from firmground.types import Json


class TestSqliteJobs(JobsContract):
    @pytest.fixture
    def jobs(self, tmp_path: Path) -> Iterator[SqlJobs]:
        self.directory = tmp_path
        self.opened = [open_jobs(tmp_path)]
        yield self.opened[0]
        for jobs in self.opened:
            jobs.close()

    def reopened(self, jobs: Jobs) -> Jobs:
        self.opened.append(open_jobs(self.directory))
        return self.opened[-1]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[SqlJobs]:
    jobs = open_jobs(tmp_path)
    yield jobs
    jobs.close()


def run(jobs: SqlJobs, handler) -> None:
    jobs.work({"job": handler}, until=lambda: not jobs.unfinished())


def test_many_short_steps_write_progress_rarely(jobs: SqlJobs, monkeypatch):
    written = []
    change = jobs._sql.change

    def counted(statement: str, **values: object) -> int:
        written.append(statement)
        return change(statement, **values)

    monkeypatch.setattr(jobs._sql, "change", counted)
    monkeypatch.setattr("firmground.store.jobs.PROGRESS_SECONDS", 3600)
    jobs.submit("job", {})
    run(jobs, lambda context, _: [context.progress(n, 1000, "rows") for n in range(1000)] and None)

    assert sum("set done" in statement for statement in written) == 2


def test_what_ended_long_ago_is_forgotten_and_steps_go_with_the_end(jobs: SqlJobs, monkeypatch, tmp_path: Path):
    monkeypatch.setattr("firmground.store.jobs.KEPT", 3)
    ids = [jobs.submit("job", {}) for _ in range(6)]
    run(jobs, lambda context, _: context.step("only", lambda: "a secret"))

    assert KEPT >= 100
    assert [job.id for job in jobs.recent(100)] == ids[:2:-1]
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        assert connection.execute("select count(*) from job_steps").fetchone() == (0,)
    connection.close()


def test_a_worker_that_lost_its_job_to_another_records_nothing(jobs: SqlJobs):
    def handle(context: JobContext, _inputs: dict[str, Json]) -> Json:
        def lose() -> Json:
            jobs._sql.change("update jobs set worker = 'another'")
            return "late"

        with pytest.raises(OutsideFailed, match="another worker took over"):
            context.step("late", lose)
        assert jobs._sql.rows("select * from job_steps") == []
        jobs._sql.change("update jobs set state = 'cancelled'")
        return "late"

    id = jobs.submit("job", {})
    run(jobs, handle)

    assert (jobs.get(id).state, jobs.get(id).result) == ("cancelled", None)


def test_a_job_cancelled_after_its_worker_died_does_not_start_again(jobs: SqlJobs):
    id = jobs.submit("job", {})
    jobs._sql.change("update jobs set state = 'running', worker = 'dead'")
    jobs.cancel(id)
    run(jobs, lambda _context, _inputs: pytest.fail("it started"))

    assert jobs.get(id).state == "cancelled"


def test_nothing_of_python_is_stored(jobs: SqlJobs, tmp_path: Path):
    jobs.submit("job", {"document": "d1"})
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        assert connection.execute("select inputs, result from jobs").fetchone() == ('{"document": "d1"}', "null")
    connection.close()


def test_jobs_of_a_newer_version_are_refused(jobs: SqlJobs, tmp_path: Path):
    jobs._sql.change("insert into jobs_schema values (999)")
    with pytest.raises(Refused, match="newer Firmground: upgrade"):
        open_jobs(tmp_path)


def test_a_damaged_file_is_told(tmp_path: Path):
    (tmp_path / "jobs.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(Damaged, match=r"jobs\.sqlite is damaged: "):
        open_jobs(tmp_path)


def test_a_missing_directory_is_told(tmp_path: Path):
    with pytest.raises(OutsideFailed, match="cannot be opened"):
        open_jobs(tmp_path / "absent")


@pytest.mark.parametrize("url", ["mysql://x", "postgresql://a b:c:d"])
def test_a_database_url_that_cannot_work_is_told(tmp_path: Path, url: str):
    with pytest.raises(InvalidInput, match="database url"):
        open_jobs(tmp_path, url)


def test_opening_and_closing_again_and_again_leaves_no_file_open(tmp_path: Path):
    open_jobs(tmp_path).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        jobs = open_jobs(tmp_path)
        jobs.work({}, until=lambda: True)
        jobs.close()

    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_a_forked_child_does_not_keep_the_lease_of_its_dead_parent(tmp_path: Path):
    lease = FileLease(tmp_path / "lock")
    assert lease.acquire()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    lease.disown()  # as the kernel does when the parent dies

    other = FileLease(tmp_path / "lock")
    try:
        assert other.acquire()
    finally:
        other.release()
        os.close(writer)
        os.close(reader)
        os.waitpid(child, 0)


def test_looking_at_the_lease_does_not_take_it(tmp_path: Path):
    lease = FileLease(tmp_path / "lock")
    assert not lease.held()
    assert lease.acquire()
    assert not lease.acquire()
    assert FileLease(tmp_path / "lock").held()
    assert not FileLease(tmp_path / "lock").acquire()
    lease.release()
    assert not lease.held()
    lease.release()


def test_a_full_disk_is_told_and_what_was_stored_before_is_intact(jobs: SqlJobs):
    before = jobs.submit("job", {})
    jobs._sql.change("pragma max_page_count = 1")
    with pytest.raises(StorageFull, match="free some space"):
        jobs.submit("job", {"documents": ["x" * 64] * 4000})

    assert [job.id for job in jobs.unfinished()] == [before]
