"""What masking costs each answer: finding in the question, keeping apart, putting back for the reader, looking through what a model said.

    python -m benchmarks.redaction [--times 25] [--out FILE]

Answers of eight passages to 36 questions, a third of which name values that documents hold, and a third values that none does: where
nothing is masked (then none names any); usual ones, where one document in four holds an address; and the worst, where every line of every
document holds two values. Each is made `--times` times in turns, and the median counts, since others use the machine as well: p95 is that
of answers, not of its moods. `cpu` is what this thread was busy with; `of_an_answer` is the share of that in what a whole extractive answer
keeps it busy with, in the same run.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

from benchmarks.library import record
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.redaction import masking
from firmground.app.redaction.answers import Telling, answer_revealed, hide, values_of
from firmground.guard.redaction import Redacted
from firmground.ports import Transaction
from firmground.serve.unread import Unread
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Event, Passage, Trace

_TOWERS = 12
_PLAIN = [f"When is tower {number} locked, and who has the key of it after dusk?" for number in range(3 * _TOWERS)]
_NAMED = [
    *_PLAIN[:_TOWERS],
    *(
        f"Who is reached at keeper{number}.0@lighthouse.test or +44 20 7946 0{number:02}0 after dusk?"
        for number in range(_TOWERS)
    ),
    *(
        f"Who is reached at greta{number}@lighthouse.test or at +44 20 7946 09{number:02} after dusk?"
        for number in range(_TOWERS)
    ),
]


def opened(place: Path, share: int) -> App:
    """Every `share`-th line has values; 0: none has."""
    source = {"name": "docs", "path": ".", "personal_data": "mask"}
    bench = Bench(place, settings=Settings.model_validate({"answer": {"threshold": 0.001}, "sources": [source]}))
    for number in range(_TOWERS):
        lines = [
            f"The keeper of tower {number} is reached at keeper{number}.{line}@lighthouse.test or +44 20 7946 0{number:02}{line}."
            if share and (number * 9 + line) % share == 0
            else f"The keeper of tower {number} is reached by the bell of floor {line}, which is rung twice after dusk."
            for line in range(9)
        ]
        bench.source.contents[f"tower{number}.md"] = f"# Tower {number}\n\n{' '.join(lines)}\n".encode()
    return bench.app()


def timed(app: App, works: Sequence[Callable[[Transaction], object]], times: int) -> dict[str, float]:
    """Each in a transaction that keeps something anyway, which is not measured, and neither is its commit."""
    wall, cpu = [[list[float]() for _ in works] for _ in range(2)]
    for number in range(times):
        for work, each_wall, each_cpu in zip(works, wall, cpu, strict=True):
            with app.database.transaction() as tx:
                tx.put_fact("benchmark", "answers", number)
                began, busy = perf_counter_ns(), thread_time_ns()
                work(tx)
                each_wall.append((perf_counter_ns() - began) / 1e6)
                each_cpu.append((thread_time_ns() - busy) / 1e6)
    found = {"wall": np.median(wall, axis=1), "cpu": np.median(cpu, axis=1)}
    return {f"{name}_p{share}_ms": round(float(np.percentile(found[name], share)), 3) for name in found for share in (50, 95)}


def events(trace: Trace) -> list[Event]:
    citations = [Event(kind="citation", data=each.model_dump(mode="json")) for each in trace.answer.citations]
    return [*citations, *(Event(kind="sentence", data=each.model_dump(mode="json")) for each in trace.answer.sentences)]


def all_of_it(app: App, tx: Transaction, question: str, trace: Trace, told_of: Sequence[Event]) -> None:
    """What an answer does more than it would without masking."""
    said: Redacted = masking.question(app, COLLEAGUE, question, tx)
    masking.notice(said)
    tell = Telling(app, COLLEAGUE, values_of(said.values), lambda _: None)
    for event in told_of:
        tell(event)
    told = [each.text for each in trace.evidence if isinstance(each, Passage)]
    for sentence in trace.answer.sentences:
        Unread(app.finder).made_up(sentence.text, told)
    hide(app, tx, trace, said.values, before=())
    answer_revealed(app, tx, COLLEAGUE, trace, values_of(said.values), told=tell)


def measured(questions: Sequence[str], times: int, share: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place, opened(Path(place), share) as app:
        sync(app, ADMINISTRATOR)
        given = [ask(app, COLLEAGUE, question) for question in questions]
        with app.database.reading() as tx:
            traces = [tx.find_trace(each.id) for each in given]
        asked = list(zip(questions, traces, map(events, traces), strict=True))
        all_ = timed(app, [partial(_all_of, app, each) for each in asked], times)
        busy = list[float]()
        for question in questions:
            began = thread_time_ns()
            ask(app, COLLEAGUE, question)
            busy.append((thread_time_ns() - began) / 1e6)
        return {
            "answers": len(asked),
            "passages": float(np.median([len(each.evidence) for each in traces])),
            "sentences": float(np.mean([len(each.answer.sentences) for each in traces])),
            "all": all_,
            "of_an_answer": round(all_["cpu_p50_ms"] / float(np.median(busy)), 3),
            "finding": timed(app, [partial(_finding, app, question) for question in questions], times),
        }


def _all_of(app: App, asked: tuple[str, Trace, list[Event]], tx: Transaction) -> None:
    question, trace, told_of = asked
    all_of_it(app, tx, question, trace, told_of)


def _finding(app: App, question: str, tx: Transaction) -> None:
    masking.question(app, COLLEAGUE, question, tx)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--times", type=int, default=25)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    found = {
        "nothing_masked": measured(_PLAIN, given.times, 0),
        "usual": measured(_NAMED, given.times, 36),
        "worst": measured(_NAMED, given.times, 1),
    }
    record(found, given.out)


if __name__ == "__main__":
    main()
