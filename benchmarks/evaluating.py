"""How many golden cases a minute are evaluated, and what evaluating costs over answering.

    python benchmarks/evaluating.py [--cases 1000] [--out FILE]

The sample handbook with its golden cases, multiplied: each copy asks with a word of its own, so nothing is remembered. `answering` puts the
same questions to the same recipe with as many threads and keeps nothing; `evaluating` is the whole job: answers kept as traces, verdicts,
scores, statistics, report, and the comparison with a search without AI, which is `comparing` by itself. `again` evaluates once more, when
nothing changed. Ratios of one run.
"""

import argparse
import json
import os
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import SystemRandom
from time import perf_counter
from typing import Any

import yaml
from serving import ADMINISTRATOR, sample

from firmground.answer.judge import Judge
from firmground.app.app import App
from firmground.app.asking.answers import examples
from firmground.app.asking.search import corpus
from firmground.app.evaluating.case_results import active_cases
from firmground.app.evaluating.evaluation import run
from firmground.app.launching.releases import recipe_now
from firmground.evaluate.cases import Case
from firmground.serve.ask import Asked, Live, answer
from firmground.serve.generation import Models
from firmground.serve.search import search
from firmground.types import Within
from firmground.wire import open_workspace

THREADS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        sample(place)
        multiplied(place, options.cases)
        with open_workspace(place) as app:
            cases = active_cases(app)
            answered(app, cases[:20])  # what is loaded once is nobody's time
            answering = answered(app, cases)
            comparing = compared(app, cases)
            start = perf_counter()
            found = run(app, ADMINISTRATOR)
            evaluating = perf_counter() - start
            start = perf_counter()
            run(app, ADMINISTRATOR)
            again = perf_counter() - start
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "cases": len(cases),
        "answering_seconds": round(answering, 2),
        "evaluating_seconds": round(evaluating, 2),
        "cases_per_minute": round(60 * len(cases) / evaluating),
        "comparing_seconds": round(comparing, 2),
        "evaluating_over_answering": round(evaluating / answering, 3),
        "without_comparing": round((evaluating - comparing) / answering, 3),
        "again_seconds": round(again, 2),
        "errors": found.errors,
    }
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def multiplied(place: Path, count: int) -> None:
    """The golden cases of the sample, so many, each question with a number that no other has."""
    files = sorted((place / "golden").glob("*.yaml"))
    known: list[dict[str, Any]] = [case for path in files for case in yaml.safe_load(path.read_text())]
    for path in files:
        path.unlink()
    made = [known[at % len(known)] for at in range(count)]
    cases = [{**case, "id": f"case-{at}", "question": f"{case['question']} ({at})"} for at, case in enumerate(made)]
    (place / "golden" / "all.yaml").write_text(yaml.safe_dump(cases))


def answered(app: App, cases: list[Case]) -> float:
    """Seconds to answer the questions, and no more."""
    with app.database.reading() as tx:
        recipe = recipe_now(app, tx)
        scopes = {case.as_: tx.visible_scopes({*case.as_, "public"}) for case in cases}
    searched = corpus(app, recipe)
    models = Models(app.model, lambda: Judge(app.model(recipe.answering.generation.judge)))

    def one(case: Case) -> None:
        live = Live(clock=app.clock, random=SystemRandom(), models=models, examples=examples(app, recipe))
        asked = Asked(question=case.question, within=Within(scopes=scopes[case.as_]), person="bench", via="job")
        answer(searched, recipe.retrieval, recipe.answering, asked, live, release=recipe.digest)

    start = perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(one, cases))
    return perf_counter() - start


def compared(app: App, cases: list[Case]) -> float:
    """Seconds for the search without vectors."""
    retrieval = app.candidate.retrieval
    plain = retrieval.model_copy(
        update={"fusion": retrieval.fusion.model_copy(update={"dense_weight": 0.0, "dense_weights": {}})}
    )
    searched = corpus(app, app.candidate)
    start = perf_counter()
    for case in cases:
        search(searched, plain, case.question, limit=1)
    return perf_counter() - start


if __name__ == "__main__":
    main()
