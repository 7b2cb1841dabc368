"""How many answers one server process streams at once, and what that does to everybody else.

    python benchmarks/streams.py [--streams 0 100 500] [--seconds 20] [--at-once 64 256] [--out FILE]

A real `firmground serve` on the sample handbook, and a scripted model server that takes its time over every word. So many clients ask at
the same moment, with no answer given twice, and read what comes; meanwhile others look at `/healthz` and search, one after the other.
Told are the memory of the server, the median and 95th percentile of the others, and what became of the streams.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
from collections import Counter
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import httpx2
import psutil
from serving import sample, serving, slow_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[0, 100, 500])
    parser.add_argument("--at-once", type=int, nargs="+", default=[64, 256], help="serve.answers_at_once")
    parser.add_argument("--seconds", type=float, default=20.0, help="that one answer of the model takes, about")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        sample(place)
        rows = [measured(place, at_once, streams, options.seconds) for at_once in options.at_once for streams in options.streams]
    result = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version(), "runs": rows}
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def measured(place: Path, at_once: int, streams: int, seconds: float) -> dict[str, Any]:
    """One server, one model server, so many streams."""
    settings = {"answers_at_once": at_once, "answers_under_way": 600, "person_answers_under_way": 600, "cached_answers": 0}
    with slow_model(place, seconds), serving(place, settings) as server:
        found = asyncio.run(_loaded(server.address, server.pid, streams, seconds))
    return {"answers_at_once": at_once, "streams": streams, **found}


async def _loaded(address: str, pid: int, streams: int, seconds: float) -> dict[str, Any]:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.2)
        await _ask(client)
        before = psutil.Process(pid).memory_info().rss
        began = perf_counter()
        asked = [asyncio.create_task(_ask(client)) for _ in range(streams)]
        others: dict[str, list[float]] = {"healthz": [], "search": []}
        most = before
        while any(not task.done() for task in asked) or perf_counter() - began < min(seconds, 10):
            others["healthz"].append(await _took(client.get("/healthz")))
            others["search"].append(
                await _took(client.post("/api/v1/search", json={"query": f"travel costs {len(others['healthz'])}"}))
            )
            most = max(most, psutil.Process(pid).memory_info().rss)
            await asyncio.sleep(0.1)
        ended = await asyncio.gather(*asked)
        firsts = [first for _, first in ended if first is not None]
        return {
            "megabytes_before": round(before / 1e6),
            "megabytes_most": round(most / 1e6),
            "kilobytes_per_stream": round((most - before) / 1e3 / streams) if streams else None,
            "seconds": round(perf_counter() - began, 1),
            "outcomes": dict(Counter(outcome for outcome, _ in ended)),
            "first_sentence_s": _spread(firsts),
            **{f"{name}_ms": _spread([1000 * each for each in took]) for name, took in others.items()},
        }


async def _ask(client: httpx2.AsyncClient) -> tuple[str, float | None]:
    """The kind of the last event, and the seconds until the first sentence."""
    body = {"question": "How many vacation days can I carry over?", "stream": True}
    began, first, last = perf_counter(), None, "nothing"
    try:
        async with client.stream("POST", "/api/v1/answers", json=body) as response:
            if response.status_code != 200:
                await response.aread()
                return f"{response.status_code}: {response.json()['detail']}", None
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    last = line.removeprefix("event: ")
                    if last == "sentence" and first is None:
                        first = perf_counter() - began
                elif line.startswith("data: ") and last == "error":
                    last = f"error: {json.loads(line.removeprefix('data: '))['detail']}"
    except httpx2.HTTPError as error:
        return type(error).__name__, None
    return last, first


async def _took(request: Any) -> float:
    began = perf_counter()
    (await request).raise_for_status()
    return perf_counter() - began


def _spread(values: list[float]) -> dict[str, float] | None:
    if len(values) < 2:
        return None
    cuts = quantiles(values, n=20)
    return {"median": round(cuts[9], 2), "p95": round(cuts[18], 2), "n": len(values)}


if __name__ == "__main__":
    main()
