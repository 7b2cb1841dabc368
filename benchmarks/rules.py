"""What rules cost each answer, and how long it takes to see what changed rules would do to the answers given last.

    python -m benchmarks.rules [--answers 1000] [--times 500] [--out FILE]

Twenty rules with every kind of condition, a hundred topics and forty globs; answers of eight passages. Per answer: all three looks (before
it is searched, before it is written, and at the whole) and what is made of it; once with rules about personal data, which are looked for
in all passages, and once without.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import perf_counter, perf_counter_ns, process_time
from typing import Any

import numpy as np

from benchmarks.library import record
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.reviewing.preview import preview
from firmground.review.rules import Rules
from firmground.serve.ask import time_ordered
from firmground.serve.sending import Sending
from firmground.settings import Settings
from firmground.settings_review import ReviewSection
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Passage, Trace

_THINGS = ("tower", "bell", "harbour", "lantern", "rope", "anchor", "boat", "pier", "crane", "buoy")
_QUESTIONS = [f"When is the {thing} of floor {floor} looked after, and by whom?" for thing in _THINGS for floor in range(5)]
_OUTCOMES = ("send", "warn", "hold", "hold_for_two", "escalate", "block")


def section(*, personal: bool) -> ReviewSection:
    rules: list[dict[str, Any]] = []
    for n in range(20):
        rule: dict[str, Any] = {"name": f"rule {n}", "then": _OUTCOMES[n % 6], "text": "Wait.", "to": "admin"}
        rule["topics"] = [
            f"{word} {n}" for word in ("notice of termination", "dismissal", "pay rise", "salary band", "sick note")
        ]
        if n % 4 == 1:
            rule |= {"topics": [], "confidence_below": 0.3 + n / 50, "sources": [f"docs/{thing}*.md" for thing in _THINGS[:8]]}
        if n % 4 == 2:
            rule |= {"topics": [_THINGS[n % 10]], "share": 0.3, "asks_for": ["date", "decision"]}
        if n % 4 == 3:
            rule |= {
                "topics": [],
                "groups": ["interns", "everyone"],
                "mismatch": n % 8 == 3,
                "personal_data": personal,
                "statuses": ["weak"],
            }
        rules.append(rule)
    return ReviewSection.model_validate({"rules": rules, "sample": 0.02})


def opened(place: Path) -> App:
    bench = Bench(place, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    for thing in _THINGS:
        lines = [
            f"The {thing} of floor {floor} is looked after by the keeper on day {floor + 2} of each month." for floor in range(9)
        ]
        bench.source.contents[f"{thing}.md"] = f"# The {thing}\n\n{' '.join(lines)}\n".encode()
    return bench.app()


def filled(app: App, answers: int) -> list[Trace]:
    """So many answers: those to a few questions, again and again under ids of their own."""
    for question in _QUESTIONS:
        ask(app, COLLEAGUE, question)
    random, after = Random(3), ""
    with app.database.transaction() as tx:
        given = tx.traces(limit=len(_QUESTIONS))
        after = given[0].answer.id
        for n in range(answers - len(given)):
            trace = given[n % len(given)]
            after = time_ordered(trace.answer.created_at, random, after)
            answer = trace.answer.model_copy(update={"id": after, "conversation": after})
            tx.save_trace(trace.model_copy(update={"answer": answer}))
    return given


def looked(app: App, traces: Sequence[Trace], rules: Rules, times: int) -> dict[str, float]:
    """In milliseconds."""
    took: list[float] = []
    for n in range(times):
        trace = traces[n % len(traces)]
        passages = [each for each in trace.evidence if isinstance(each, Passage)]
        began = perf_counter_ns()
        sending = Sending(rules, "release", f"{trace.answer.id} {n}", groups=trace.groups, finder=app.finder)
        sending.asked(trace.asked)
        status = trace.answer.status
        sending.found(passages, language=trace.language, confidence=trace.answer.confidence, statuses={status}, mismatch=False)
        sending.settled(trace)
        took.append((perf_counter_ns() - began) / 1e6)
    return {f"p{share}_ms": round(float(np.percentile(took, share)), 3) for share in (50, 95, 99)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    figures: dict[str, Any] = {"answers": wanted.answers}
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as app:
        sync(app, ADMINISTRATOR)
        traces = filled(app, wanted.answers)
        for name, personal in (("without_personal_data", False), ("with_personal_data", True)):
            rules = Rules.of(section(personal=personal))
            looked(app, traces, rules, 50)
            figures[name] = looked(app, traces, rules, wanted.times)
        file = Path(folder) / "rules.toml"
        file.write_text(written(section(personal=True)), encoding="utf-8")
        seconds: list[float] = []
        busy: list[float] = []
        for _ in range(3):
            began, worked = perf_counter(), process_time()
            found = preview(app, ADMINISTRATOR, file=file, limit=wanted.answers)
            seconds.append(round(perf_counter() - began, 3))
            busy.append(round(process_time() - worked, 3))
            figures["preview"] = {"answers": found.answers, "changed": found.changed}
        figures["preview"] |= {"seconds": sorted(seconds), "cpu_seconds": sorted(busy)}
    record(figures, wanted.out)


def written(given: ReviewSection) -> str:
    """As TOML."""

    def value(each: Any) -> str:
        if isinstance(each, bool):
            return str(each).lower()
        if isinstance(each, (list, tuple)):
            return f"[{', '.join(map(value, each))}]"
        return repr(each)

    lines = ["[review]", f"sample = {given.sample}"]
    for rule in given.rules:
        lines += ["[[review.rules]]", *(f"{name} = {value(each)}" for name, each in rule.model_dump(exclude_none=True).items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
