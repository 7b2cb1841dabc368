"""What moving what is live does to people who ask meanwhile.

    python benchmarks/promoting.py [--moves 100] [--clients 32] [--seconds 20] [--out FILE]

A real `firmground serve` on the sample handbook with two releases that differ in chunking, so each has an index of its own, and in the
words they refuse with. So many clients ask, each its next question as soon as it has an answer: for a while with nothing moving, then
while the releases take turns, half of the moves promotions, half rollbacks, and then with nothing moving again. Told are the times of the
answers, how many were not of one release (recipe and words must be of the same), and how long a move takes.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import httpx2
import yaml
from serving import ADMINISTRATOR, sample, serving

from firmground.app.access import people
from firmground.app.corpus.sync import sync
from firmground.app.launching import audits, policies, releases
from firmground.wire import open_workspace

GOLDEN = Path(__file__).parents[1] / "src" / "firmground" / "sample" / "golden"
POLICY = "[requirements.unreadable_cases]\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20.0, help="with nothing moving, before and after")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        words = _released(place)
        with serving(place, {"cached_answers": 0}) as server:
            found = asyncio.run(_measured(server.address, words, options))
    result = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version(), **found}
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def _released(place: Path) -> dict[str, str]:
    """By digest, the words that each of two releases refuses with; both may go live."""
    sample(place)
    (place / "policy.toml").write_text(POLICY)
    settings = (place / "firmground.toml").read_text()
    words: dict[str, str] = {}
    for number, tokens in ((1, 192), (2, 128)):
        more = settings.replace("# chunk_tokens = 192 ", f"chunk_tokens = {tokens} ")
        assert more != settings
        (place / "firmground.toml").write_text(
            more.replace("[answer]\n", f'[answer]\nrefusal = "says {number}"\n').replace('\nrefusal = "I ', '\n# refusal = "I ')
        )
        with open_workspace(place) as app:
            sync(app, ADMINISTRATOR)
            made, _ = releases.create(app, ADMINISTRATOR)
            words[made.spec.digest] = f"says {number}"
            if number == 1:
                people.add_person(app, ADMINISTRATOR, "ada", role="admin")
                policies.adopt(app, ADMINISTRATOR, by="ada", reason="asks for little, to be moved often")
    with open_workspace(place) as app:
        for number in ("1", "2"):
            audits.run(app, ADMINISTRATOR, release=number, exercising={})
    return words


async def _measured(address: str, words: dict[str, str], options: argparse.Namespace) -> dict[str, Any]:
    questions = [case["question"] for path in sorted(GOLDEN.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]
    async with httpx2.AsyncClient(base_url=address, timeout=120, limits=httpx2.Limits(max_connections=None)) as client:
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.2)
        promoted = await _move(client, "1/promote")
        await _move(client, "2/promote")
        assert promoted

        async def still() -> None:
            await asyncio.sleep(options.seconds)

        moved: dict[str, list[float]] = {"promote": [], "rollback": []}

        async def moving() -> None:
            for number in range(options.moves):
                act = "1/rollback" if number % 2 == 0 else "2/promote"
                moved[act[2:]].append(await _move(client, act))
                await asyncio.sleep(0.1)

        rows = {name: await _asked(client, questions, words, options.clients, what) for name, what in _phases(still, moving)}
    p95 = [rows[name]["ms"]["p95"] for name in ("before", "after")]
    return {
        "clients": options.clients,
        "moves": options.moves,
        **rows,
        "p95_ratio": round(rows["moving"]["ms"]["p95"] / (sum(p95) / 2), 3),
        "promote_ms": _spread(moved["promote"]),
        "rollback_ms": _spread(moved["rollback"]),
    }


def _phases(
    still: Callable[[], Awaitable[None]], moving: Callable[[], Awaitable[None]]
) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    return [("warm", still), ("before", still), ("moving", moving), ("after", still)]


async def _move(client: httpx2.AsyncClient, act: str) -> float:
    began = perf_counter()
    response = await client.post(f"/api/v1/releases/{act}", json={})
    assert response.status_code == 200, response.text
    return 1000 * (perf_counter() - began)


async def _asked(
    client: httpx2.AsyncClient, questions: list[str], words: dict[str, str], clients: int, what: Callable[[], Awaitable[None]]
) -> dict[str, Any]:
    """So many clients ask for as long as this takes."""
    took: list[float] = []
    seen: Counter[str] = Counter()
    over = False

    async def one(number: int) -> None:
        asked = number
        while not over:
            began = perf_counter()
            # The number is a word that no document has.
            text = f"{questions[asked % len(questions)]} ({os.getpid()}{asked})"
            response = await client.post("/api/v1/answers", json={"question": text})
            took.append(1000 * (perf_counter() - began))
            seen[_kind(response, words)] += 1
            asked += clients

    asking = [asyncio.ensure_future(one(number)) for number in range(clients)]
    began = perf_counter()
    await what()
    over = True
    await asyncio.gather(*asking)
    row = {"seconds": round(perf_counter() - began, 1), "ms": _spread(took), "answers": dict(sorted(seen.items()))}
    print(row, file=sys.stderr)
    return row


def _kind(response: httpx2.Response, words: dict[str, str]) -> str:
    if response.status_code != 200:
        return str(response.status_code)
    answer = response.json()
    own = words.get(answer["release"])
    if own is None or (answer["status"] == "abstained" and answer["text"] != own):
        return "of no one release"
    return own.replace("says", "of release")


def _spread(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "most": round(max(values), 1), "n": len(values)}


if __name__ == "__main__":
    main()
