"""Real processes, really killed."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from firmground.store.jobs import SqlJobs, open_jobs
from firmground.testing.postgresql import postgresql_server

WORKER = """
import json, os, sys, time
from pathlib import Path
from firmground.errors import Busy
from firmground.store.jobs import open_jobs

directory, url, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
jobs = open_jobs(directory, url)

def note(**entry):
    with (directory / "log.jsonl").open("a") as log:
        log.write(json.dumps({"pid": os.getpid(), **entry}) + "\\n")

def count(context, inputs):
    def work(n):
        note(step=n, what="begin")
        time.sleep(0.01)
        note(step=n, what="end")
        return n
    print("started", flush=True)
    done = []
    for n in range(inputs["steps"]):
        done.append(context.step(f"step {n}", lambda n=n: work(n)))
        note(step=n, what="recorded")
        context.progress(n + 1, inputs["steps"], "steps")
    return done

def wait(context, inputs):
    print("waiting", flush=True)
    while True:
        context.check_cancelled()
        time.sleep(0.01)

handlers = {"count": count, "wait": wait}
until = lambda: not jobs.unfinished()
if mode == "once":
    try:
        jobs.work(handlers, until=until)
    except Busy:
        sys.exit(4)
    except KeyboardInterrupt:
        sys.exit(130)
else:  # follow: whoever gets the lease works
    while not until():
        try:
            jobs.work(handlers, until=until)
        except Busy:
            time.sleep(0.005)
"""


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("server").database() if getattr(request, "param", "sqlite") == "postgresql" else "sqlite"


on_both = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def jobs(tmp_path: Path, url: str):
    jobs = open_jobs(tmp_path, url)
    yield jobs
    jobs.close()


@pytest.fixture
def start(tmp_path: Path, url: str):
    started: list[subprocess.Popen[str]] = []

    def start(mode: str = "once") -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), url, mode], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def log(directory: Path) -> list[dict[str, int | str]]:
    """What the workers did; a kill may cut a line in two."""
    path = directory / "log.jsonl"
    entries: list[dict[str, int | str]] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            entries.append(json.loads(line))
        except ValueError:
            entries.extend(json.loads("{" + part) for part in line.split("{")[2:])
    return entries


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, "the worker ended too early"
        time.sleep(0.002)


def check_nothing_was_done_twice(directory: Path, steps: int) -> None:
    entries = log(directory)
    ends = {entry["step"] for entry in entries if entry["what"] == "end"}
    assert ends == set(range(steps))
    recorded: set[int | str] = set()
    for entry in entries:
        if entry["what"] == "begin":
            assert entry["step"] not in recorded, "a step ran again although its result had been recorded"
        if entry["what"] == "recorded":
            recorded.add(entry["step"])


def check_one_worked_at_a_time(directory: Path) -> None:
    """Once another process begins, the one before is never heard of again."""
    pids = [entry["pid"] for entry in log(directory)]
    turns = [pid for index, pid in enumerate(pids) if index == 0 or pids[index - 1] != pid]
    assert len(turns) == len(set(turns))


@on_both
def test_a_job_killed_at_random_moments_ends_as_if_nothing_had_happened(jobs: SqlJobs, start, tmp_path: Path):
    steps, chance = 60, random.Random(20261121)
    id = jobs.submit("count", {"steps": steps})
    kills = 0
    while jobs.unfinished():
        worker = start()
        began = len(log(tmp_path))
        if kills < 8:
            wait_for(lambda: len(log(tmp_path)) > began, worker)  # noqa: B023
            time.sleep(chance.uniform(0, 0.12))
            worker.kill()
            kills += 1
        worker.wait()

    job = jobs.get(id)
    assert (job.state, job.result, job.progress.done) == ("done", list(range(steps)), steps)
    check_nothing_was_done_twice(tmp_path, steps)
    check_one_worked_at_a_time(tmp_path)
    begun = Counter(entry["step"] for entry in log(tmp_path) if entry["what"] == "begin")
    assert sum(begun.values()) <= steps + kills, "a kill may cost the step it cut off, and no other"


def test_a_second_worker_is_turned_away_while_the_first_lives(jobs: SqlJobs, start):
    id = jobs.submit("wait", {})
    first = start()
    assert first.stdout.readline() == "waiting\n"

    assert jobs.working()
    assert start().wait() == 4

    jobs.cancel(id)
    assert first.wait() == 0
    assert jobs.get(id).state == "cancelled"
    assert not jobs.working()


@on_both
def test_those_who_wait_take_over_when_the_worker_is_killed(jobs: SqlJobs, start, tmp_path: Path):
    steps = 60
    id = jobs.submit("count", {"steps": steps})
    workers = [start("follow") for _ in range(3)]
    for alive in (3, 2):
        seen = {entry["pid"] for entry in log(tmp_path)}
        wait_for(lambda: {entry["pid"] for entry in log(tmp_path)} > seen, workers[0])  # noqa: B023
        holder = log(tmp_path)[-1]["pid"]
        victim = next(worker for worker in workers if worker.pid == holder)
        victim.kill()
        victim.wait()
        workers.remove(victim)
        assert len(workers) == alive - 1
    assert workers[0].wait() == 0

    assert jobs.get(id).result == list(range(steps))
    check_nothing_was_done_twice(tmp_path, steps)
    check_one_worked_at_a_time(tmp_path)


def test_ctrl_c_leaves_a_job_that_goes_on(jobs: SqlJobs, start, tmp_path: Path):
    steps = 20
    id = jobs.submit("count", {"steps": steps})
    worker = start()
    wait_for(lambda: any(entry["what"] == "recorded" for entry in log(tmp_path)), worker)
    worker.send_signal(signal.SIGINT)
    assert worker.wait() == 130

    assert jobs.get(id).state == "queued"
    assert not jobs.working()
    assert start().wait() == 0
    assert jobs.get(id).result == list(range(steps))
    check_nothing_was_done_twice(tmp_path, steps)


def test_a_job_is_cancelled_from_another_process_also_after_its_worker_was_killed(jobs: SqlJobs, start):
    id = jobs.submit("wait", {})
    worker = start()
    assert worker.stdout.readline() == "waiting\n"
    worker.kill()
    worker.wait()

    jobs.cancel(id)
    assert start().wait() == 0
    assert jobs.get(id).state == "cancelled"


def test_progress_is_seen_from_another_process(jobs: SqlJobs, start):
    id = jobs.submit("count", {"steps": 60})
    worker = start()
    wait_for(lambda: 0 < jobs.get(id).progress.done < 60, worker)
    assert jobs.get(id).state == "running"
    assert worker.wait() == 0
    assert jobs.get(id).progress.done == 60
