"""How many questions one server process answers, for how many clients at once; and how it stands ten minutes of slow streams.

    python benchmarks/load.py [--clients 1 8 32 128] [--seconds 15] [--minutes 10] [--streams 500] [--out FILE]

A real `firmground serve` on the sample handbook, clients in a process of their own on the same machine. `health` is the same server saying
that it lives: what HTTP alone costs here, the limit of the others. `distinct` are extractive answers to questions that nobody asked
before, `repeated` the same few again, which the server remembers. With `--minutes` so many streams of a slow model are kept up, each
followed by the next, while others search: told are memory every half minute, the others' times, and every error. 0 minutes: without.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import httpx2
import psutil
import yaml
from serving import Server, sample, serving, slow_model

KINDS = ("health", "repeated", "distinct")
GOLDEN = Path(__file__).parents[1] / "src" / "firmground" / "sample" / "golden"
ANSWER_SECONDS = 20.0
_EVERY_SECONDS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--seconds", type=float, default=15.0, help="for each number of clients and kind")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--client", nargs=3, metavar=("ADDRESS", "KIND", "CLIENTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        address, kind, clients = options.client
        print(json.dumps(asyncio.run(_asked(address, kind, int(clients), options.seconds))))
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        sample(place)
        with serving(place) as server:
            asyncio.run(_ready(server.address))
            rows = [_measured(server, kind, clients, options.seconds) for clients in options.clients for kind in KINDS]
        soak = None
        if options.minutes:
            most = options.streams + 100
            settings = {"answers_under_way": most, "person_answers_under_way": most, "cached_answers": 0}
            with slow_model(place, ANSWER_SECONDS), serving(place, settings) as server:
                soak = asyncio.run(_soaked(server, options.streams, options.minutes * 60))
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "load": rows,
        "soak": soak,
    }
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def _measured(server: Server, kind: str, clients: int, seconds: float) -> dict[str, Any]:
    process = psutil.Process(server.pid)
    before = process.cpu_times()
    command = [sys.executable, __file__, "--client", server.address, kind, str(clients), "--seconds", str(seconds)]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    row = {"kind": kind, "clients": clients, **told, "server_cores": round(used / told["seconds"], 2)}
    row["megabytes"] = round(process.memory_info().rss / 1e6)
    print(row, file=sys.stderr)
    return row


async def _asked(address: str, kind: str, clients: int, seconds: float) -> dict[str, Any]:
    """So many clients ask, each its next question as soon as it has an answer."""
    questions = [case["question"] for path in sorted(GOLDEN.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]
    took: list[float] = []
    outcomes: Counter[str] = Counter()
    start = perf_counter()

    async def one(number: int, client: httpx2.AsyncClient) -> None:
        asked = number
        while perf_counter() - start < seconds:
            began = perf_counter()
            try:
                if kind == "health":
                    response = await client.get("/healthz")
                else:
                    words = questions[asked % (len(questions) if kind == "distinct" else 10)]
                    # The number is a word that no document has.
                    text = f"{words} ({os.getpid()}{asked})" if kind == "distinct" else words
                    response = await client.post("/api/v1/answers", json={"question": text})
                outcomes[str(response.status_code)] += 1
                took.append(1000 * (perf_counter() - began))
            except httpx2.HTTPError as error:
                outcomes[type(error).__name__] += 1
            asked += clients

    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        await asyncio.gather(*(one(number, client) for number in range(clients)))
    passed = perf_counter() - start
    return {
        "seconds": round(passed, 2),
        "per_second": round(len(took) / passed, 1),
        "ms": _spread(took),
        "outcomes": dict(outcomes),
    }


async def _soaked(server: Server, streams: int, seconds: float) -> dict[str, Any]:
    await _ready(server.address)
    process = psutil.Process(server.pid)
    outcomes: Counter[str] = Counter()
    others: list[float] = []
    failures: Counter[str] = Counter()
    memory = [round(process.memory_info().rss / 1e6)]
    start = perf_counter()

    def over() -> bool:
        return perf_counter() - start > seconds

    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=server.address, timeout=600, limits=limits) as client:

        async def stream(number: int) -> None:
            await asyncio.sleep(number * ANSWER_SECONDS / streams)  # not all at the same moment, as people are
            while not over():
                outcomes[await _streamed(client)] += 1

        async def search() -> None:
            number = 0
            while not over():
                number += 1
                began = perf_counter()
                try:
                    response = await client.post("/api/v1/search", json={"query": f"travel costs {number}"})
                    failures.update([] if response.status_code == 200 else [str(response.status_code)])
                except httpx2.HTTPError as error:
                    failures[type(error).__name__] += 1
                others.append(1000 * (perf_counter() - began))
                await asyncio.sleep(0.2)

        async def watch() -> None:
            while not over():
                await asyncio.sleep(_EVERY_SECONDS)
                memory.append(round(process.memory_info().rss / 1e6))
                print(f"{perf_counter() - start:.0f} s: {memory[-1]} MB, {dict(outcomes)}", file=sys.stderr)

        await asyncio.gather(watch(), search(), *(stream(number) for number in range(streams)))
    return {
        "streams": streams,
        "seconds": round(perf_counter() - start, 1),
        "outcomes": dict(outcomes),
        "search_ms": _spread(others),
        "search_failures": dict(failures),
        "megabytes": memory,
    }


async def _streamed(client: httpx2.AsyncClient) -> str:
    """The kind of the last event."""
    last = "nothing"
    try:
        body = {"question": "How many vacation days can I carry over?", "stream": True}
        async with client.stream("POST", "/api/v1/answers", json=body) as response:
            if response.status_code != 200:
                return str(response.status_code)
            async for line in response.aiter_lines():
                last = line.removeprefix("event: ") if line.startswith("event: ") else last
    except httpx2.HTTPError as error:
        return type(error).__name__
    return last


async def _ready(address: str) -> None:
    async with httpx2.AsyncClient(base_url=address) as client:
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.2)


def _spread(values: list[float]) -> dict[str, float] | None:
    if len(values) < 2:
        return None
    cuts = quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1), "n": len(values)}


if __name__ == "__main__":
    main()
