"""Durable jobs on SQLite or PostgreSQL: what was recorded before a kill -9 is never done again.

Every change is one SQL statement, so there is no moment at which a kill leaves half of one. Only the holder of the worker lease
runs jobs; each statement of a run also names its worker, so that one that lost its lease with its connection can record nothing.
"""

import json
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from firmground.errors import Busy, FirmgroundError, InvalidInput, JobCancelled, NotFound, OutsideFailed, Refused
from firmground.ports import Clock, Handler
from firmground.store.lease import AdvisoryLease, FileLease, Lease
from firmground.types import Job, Json, Progress

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

Row: TypeAlias = Sequence[Any]

MIGRATIONS = (
    """
    create table jobs (
        number {serial},
        id text not null unique,
        kind text not null,
        inputs text not null,            -- JSON
        state text not null,             -- queued | running | done | failed | cancelled
        unwanted integer not null,       -- 1: somebody asked it to stop
        worker text not null,            -- which worker runs it, or ran it last
        done bigint not null,
        total bigint not null,
        unit text not null,
        error text,
        exit_code integer,
        result text not null,            -- JSON
        created_at text not null         -- ISO 8601, UTC
    );
    create index jobs_unfinished on jobs (state, number);
    create table job_steps (
        job text not null,
        step text not null,              -- its name and how many of that name came before in the job
        result text not null,            -- JSON
        primary key (job, step)
    )
    """,
)
"""Forward only; never change one that was released, add the next."""

COLUMNS = "id, kind, state, done, total, unit, error, exit_code, result, created_at"
_ENDED = "where state not in ('queued', 'running') and created_at < :moment"
KEPT = 1000
"""How many jobs are remembered."""
IDLE_SECONDS = 0.1
PROGRESS_SECONDS = 0.25
CHECK_SECONDS = 0.05


def open_jobs(directory: Path, database_url: str = "sqlite", clock: Clock | None = None) -> "SqlJobs":
    """Jobs in `<directory>/jobs.sqlite`, or in the PostgreSQL database at `database_url`. Runs nothing before `work`."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError

    if database_url == "sqlite":
        place = str(directory / "jobs.sqlite")
        engine = create_engine(f"sqlite:///{place}", isolation_level="AUTOCOMMIT")
        event.listen(engine, "connect", _prepare_sqlite)
        lease: Lease = FileLease(directory / "worker.lock")
    elif database_url.partition("://")[0] in {"postgresql", "postgres", "postgresql+psycopg"}:
        try:
            url = f"postgresql+psycopg://{database_url.partition('://')[2]}"
            engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
            place = engine.url.render_as_string()  # its password is hidden
        except (ArgumentError, ValueError) as error:
            raise InvalidInput("the database url cannot be read", "write postgresql://user@host/name") from error
        lease = AdvisoryLease(engine)
    else:
        raise InvalidInput("the database url is neither sqlite nor postgresql://…", "mend `url` under [database]")
    return SqlJobs(Statements(engine, place), lease, clock or _now)


class Statements:
    """Runs single statements, each its own transaction, and tells the ways a database fails apart."""

    def __init__(self, engine: "Engine", place: str) -> None:
        self._engine = engine
        self._place = place
        try:
            self._migrate()
        except BaseException:
            engine.dispose()
            raise

    def rows(self, statement: str, **values: object) -> list[Row]:
        from sqlalchemy import text

        with self.told(), self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def change(self, statement: str, **values: object) -> int:
        """The number of rows it touched."""
        from sqlalchemy import text

        with self.told(), self._engine.connect() as connection:
            return connection.execute(text(statement), values).rowcount

    def told(self) -> AbstractContextManager[None]:
        """Errors of the database leave the block as errors of ours."""
        from firmground.store.failures import told

        return told(self._place)

    def close(self) -> None:
        self._engine.dispose()

    def _migrate(self) -> None:
        from sqlalchemy import inspect

        with self.told():
            known = inspect(self._engine).has_table("jobs_schema")
        version = self.rows("select max(version) from jobs_schema")[0][0] if known else None
        if version is not None and version > len(MIGRATIONS):
            raise Refused("the jobs were written by a newer Firmground", "upgrade this one")
        if version != len(MIGRATIONS):
            with self.told():
                self._apply()

    def _apply(self) -> None:
        sqlite = self._engine.dialect.name == "sqlite"
        serial = "integer primary key autoincrement" if sqlite else "bigint generated always as identity primary key"
        with self._engine.connect() as connection:
            run = connection.exec_driver_sql
            run("begin immediate" if sqlite else "begin")
            try:
                if not sqlite:
                    run("select pg_advisory_xact_lock(1179210311)")  # two processes may open a fresh database at once
                run("create table if not exists jobs_schema (version integer primary key)")
                version = run("select coalesce(max(version), 0) from jobs_schema").scalar_one()
                for number, script in enumerate(MIGRATIONS[version:], version + 1):
                    for statement in script.replace("{serial}", serial).split(";"):
                        run(statement)
                    run(f"insert into jobs_schema values ({number})")  # noqa: S608 - a number of ours
                run("commit")
            except BaseException:
                run("rollback")
                raise


class SqlJobs:
    """The `Jobs` port on SQL. Usable from several threads and processes at once."""

    def __init__(self, sql: Statements, lease: Lease, clock: Clock) -> None:
        self._sql = sql
        self._lease = lease
        self._clock = clock

    def submit(self, kind: str, inputs: dict[str, Json]) -> str:
        now = self._clock()
        id = f"{int(now.timestamp() * 1000):011x}{secrets.token_hex(4)}"
        self._sql.change(
            "insert into jobs (id, kind, inputs, state, unwanted, worker, done, total, unit, result, created_at)"
            " values (:id, :kind, :inputs, 'queued', 0, '', 0, 0, '', 'null', :now)",
            id=id,
            kind=kind,
            inputs=_encode(inputs),
            now=now.isoformat(),
        )
        return id

    def get(self, id: str) -> Job:
        found = self._select("where id = :id", id=id)
        if not found:
            raise NotFound(f"there is no job {id}", "list the jobs with `firmground status`")
        return found[0]

    def unfinished(self, kind: str | None = None) -> list[Job]:
        found = self._select("where state in ('queued', 'running') order by number")
        return [job for job in found if kind in {None, job.kind}]

    def recent(self, limit: int = 20) -> list[Job]:
        return self._select("order by number desc limit :limit", limit=limit)

    def cancel(self, id: str) -> None:
        self.get(id)
        self._sql.change(
            "update jobs set unwanted = 1, state = case state when 'queued' then 'cancelled' else state end"
            " where id = :id and state in ('queued', 'running')",
            id=id,
        )

    def working(self) -> bool:
        with self._sql.told():
            return self._lease.held()

    def rename(self, name: str, to: str) -> None:
        for id, inputs, result, error in self._sql.rows("select id, inputs, result, error from jobs"):
            told = (_encode(renamed(json.loads(inputs), name, to)), _encode(renamed(json.loads(result), name, to)))
            said = None if error is None else without_name(error, name, to)
            if (*told, said) != (inputs, result, error):
                self._sql.change(
                    "update jobs set inputs = :inputs, result = :result, error = :error where id = :id",
                    inputs=told[0],
                    result=told[1],
                    error=said,
                    id=id,
                )

    def ended_before(self, moment: datetime) -> int:
        return int(self._sql.rows(f"select count(*) from jobs {_ENDED}", moment=moment.isoformat())[0][0])  # noqa: S608 - text of ours

    def forget(self, moment: datetime) -> int:
        return self._sql.change(f"delete from jobs {_ENDED}", moment=moment.isoformat())  # noqa: S608 - text of ours

    def close(self) -> None:
        self._lease.release()
        self._sql.close()

    def work(self, handlers: Mapping[str, Handler], *, until: Callable[[], bool]) -> None:
        with self._sql.told():
            taken = self._lease.acquire()
        if not taken:
            raise Busy("another process is working in this workspace", "wait until it is done, or stop it")
        try:
            worker = secrets.token_hex(8)
            while not until():
                with self._sql.told():
                    self._lease.confirm()
                if not self._run_oldest(worker, handlers, until):
                    time.sleep(IDLE_SECONDS)
        finally:
            self._lease.release()

    def _run_oldest(self, worker: str, handlers: Mapping[str, Handler], until: Callable[[], bool]) -> bool:
        waiting = self._sql.rows(
            "select id, kind, inputs, unwanted from jobs where state in ('queued', 'running') order by number"
        )
        job = next((row for row in waiting if row[1] in handlers), None)
        if job is None:
            return False
        id, kind, inputs, unwanted = job
        # Since we hold the lease, one that is still called running was left by a worker that is no more.
        state = "cancelled" if unwanted else "running"
        claimed = self._sql.change(
            "update jobs set state = :state, worker = :worker where id = :id and state in ('queued', 'running')",
            state=state,
            worker=worker,
            id=id,
        )
        if claimed and not unwanted:
            _Run(self._sql, id, kind, worker, until).finish(handlers[kind], json.loads(inputs))
        self._forget()
        return True

    def _forget(self) -> None:
        """Steps of what has ended, and what ended long ago."""
        self._sql.change("delete from job_steps where job not in (select id from jobs where state in ('queued', 'running'))")
        self._sql.change(
            "delete from jobs where state not in ('queued', 'running') and number <= (select max(number) from jobs) - :kept",
            kept=KEPT,
        )

    def _select(self, rest: str, **values: object) -> list[Job]:
        return [_job(row) for row in self._sql.rows(f"select {COLUMNS} from jobs {rest}", **values)]  # noqa: S608 - text of ours


class _Stopped(BaseException):
    """The worker shall stop although a job runs; not an Exception, so that no handler swallows it."""


class _Run:
    """One run of one job: the `JobContext` its handler gets."""

    def __init__(self, sql: Statements, id: str, kind: str, worker: str, until: Callable[[], bool]) -> None:
        self._sql = sql
        self._id = id
        self._kind = kind
        self._worker = worker
        self._until = until
        recorded = sql.rows("select step, result from job_steps where job = :id", id=id)
        self._recorded: dict[str, str] = {str(step): str(result) for step, result in recorded}
        self._seen: Counter[str] = Counter()
        self._unwritten: tuple[int, int, str] | None = None
        self._written_at = float("-inf")
        self._checked_at = float("-inf")

    @property
    def id(self) -> str:
        return self._id

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        self._seen[name] += 1
        step = f"{name}#{self._seen[name]}"
        if step not in self._recorded:
            self.check_cancelled()
            self._recorded[step] = self._record(step, _encode(work()))
        return json.loads(self._recorded[step])

    def progress(self, done: int, total: int, unit: str) -> None:
        self._unwritten = (done, total, unit)
        self._write_progress()

    def check_cancelled(self) -> None:
        """Looks at most every 50 ms, so that a handler may ask for every row."""
        self._write_progress()
        now = time.monotonic()
        if now - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = now
        asked = self._sql.rows("select unwanted from jobs where id = :id and worker = :worker", id=self._id, worker=self._worker)
        if not asked:
            raise self._lost()
        if asked[0][0]:
            raise JobCancelled
        if self._until():
            raise _Stopped

    def finish(self, handler: Handler, inputs: dict[str, Json]) -> None:
        """Run the handler and record how it ended. Raises only what is no Exception: Ctrl-C and the like."""
        try:
            result = _encode(handler(self, inputs))
        except JobCancelled:
            self._end("cancelled")
        except FirmgroundError as error:
            self._end("failed", error=str(error), exit_code=error.exit_code)
        except Exception as error:
            log.exception("job %s (%s) failed", self._id, self._kind)
            message = " ".join(f"{type(error).__name__}: {error}".split())
            self._end("failed", error=message, exit_code=FirmgroundError.exit_code)
        except BaseException as stopped:
            self._end("queued")
            if not isinstance(stopped, _Stopped):
                raise
        else:
            self._end("done", result=result)

    def _record(self, step: str, result: str) -> str:
        recorded = self._sql.change(
            "insert into job_steps (job, step, result)"
            " select id, :step, :result from jobs where id = :id and worker = :worker and state = 'running'",
            step=step,
            result=result,
            id=self._id,
            worker=self._worker,
        )
        if not recorded:
            raise self._lost()
        return result

    def _write_progress(self, *, now: bool = False) -> None:
        if self._unwritten is None or not (now or time.monotonic() - self._written_at >= PROGRESS_SECONDS):
            return
        done, total, unit = self._unwritten
        self._sql.change(
            "update jobs set done = :done, total = :total, unit = :unit where id = :id and worker = :worker",
            done=done,
            total=total,
            unit=unit,
            id=self._id,
            worker=self._worker,
        )
        self._unwritten = None
        self._written_at = time.monotonic()

    def _end(self, state: str, *, error: str | None = None, exit_code: int | None = None, result: str = "null") -> None:
        self._write_progress(now=True)
        # One that was cancelled while its worker stopped must not wait as if it were wanted.
        self._sql.change(
            "update jobs set state = case when :state = 'queued' and unwanted = 1 then 'cancelled' else :state end,"
            " error = :error, exit_code = :exit_code, result = :result"
            " where id = :id and worker = :worker and state = 'running'",
            state=state,
            error=error,
            exit_code=exit_code,
            result=result,
            id=self._id,
            worker=self._worker,
        )

    def _lost(self) -> FirmgroundError:
        return OutsideFailed(f"another worker took over job {self._id}", "nothing to do: it goes on there")


def _job(row: Row) -> Job:
    id, kind, state, done, total, unit, error, exit_code, result, created_at = row
    return Job(
        id=id,
        kind=kind,
        state=state,
        progress=Progress(done=done, total=total, unit=unit),
        error=error,
        exit_code=exit_code,
        result=json.loads(result),
        created_at=datetime.fromisoformat(created_at),
    )


def renamed(value: Json, name: str, to: str) -> Json:
    """The same with `to` in the place of every text that is `name`."""
    if isinstance(value, list):
        return [renamed(each, name, to) for each in value]
    if isinstance(value, dict):
        return {key: renamed(each, name, to) for key, each in value.items()}
    return to if value == name else value


def without_name(text: str, name: str, to: str) -> str:
    """The same with `to` wherever it tells of `name`."""
    return re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: to, text)


def _encode(value: Json) -> str:
    """ASCII, so that no database minds lone surrogates or NUL."""
    return json.dumps(value, allow_nan=False)


def _now() -> datetime:
    return datetime.now(UTC)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Write-ahead logging survives a kill -9; a power cut may undo the last steps, which are then done again.
    for pragma in ("busy_timeout = 10000", "journal_mode = wal", "synchronous = normal", "secure_delete = on"):
        connection.execute(f"pragma {pragma}")
