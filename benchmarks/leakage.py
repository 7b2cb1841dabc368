"""What people learn of documents that they may not see: words, titles, counts, ids, by any way of asking. The goal is nothing.

    python -m benchmarks.leakage [--trials 100000] [--of-one 2000] [--change-every 10] [--seed 1] [--out FILE]
    python -m benchmarks.leakage --timing [--pairs 2000] [--out FILE]

A trial is one request of one person at one way of asking, in a small workspace that is made at random (`firmground.testing.curious`): after
every tenth, somebody's groups or role or a document's groups change. After `--of-one` trials another workspace is made. Every byte that the
person gets is searched for what only hidden documents hold.

`--timing`: the same question is asked by the same person where a hidden document matches it and where none does, of a Lance index on disk;
how well the two can be told apart by how long it took: by one figure at a time, and by classifiers that see all figures of an answer and
are judged on words that they were not trained with.
"""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from scipy.stats import rankdata

from benchmarks.library import record
from firmground.app.asking.answers import ask
from firmground.store.lance import open_lance
from firmground.testing.curious import Curious, Leak
from firmground.testing.curious_web import Web
from firmground.types import Actor

_WARM = 20
"""Pairs that are not counted: what is opened at first use."""


def hunt(trials: int, of_one: int, change_every: int, seed: int, web_every: int) -> dict[str, Any]:
    doors, leaks, changes, worlds = Counter[str](), list[Leak](), 0, 0
    began = perf_counter()
    done = 0
    while done < trials:
        with tempfile.TemporaryDirectory() as place:
            world = Curious(Path(place), seed=seed + worlds)
            web = Web(world)
            for number in range(min(of_one, trials - done)):
                if number % change_every == change_every - 1:
                    world.change()
                web.trial() if web_every and number % web_every == 0 else world.trial()
            done += world.trials
            doors.update(world.doors)
            leaks += world.leaks
            changes += world.changes
            web.close()
            world.close()
        worlds += 1
        print(f"{done} trials, {len(leaks)} leaks", flush=True)
    return {
        "trials": done,
        "workspaces": worlds,
        "changes": changes,
        "doors": dict(sorted(doors.items())),
        "leaks": len(leaks),
        "kinds": Counter(f"{leak.door}: {leak.found.split()[0]}" for leak in leaks),
        "first": [leak._asdict() for leak in leaks[:5]],
        "seconds": round(perf_counter() - began, 1),
    }


def timing(pairs: int, seed: int) -> dict[str, Any]:
    """A word that one hidden document holds, and one that none does, asked in turn; how well the time tells them apart."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        index = open_lance(Path(place) / "index", "timed", "fake-64", 64)
        world = Curious(Path(place), seed=seed, index=index)
        colleague = Actor(person="colleague", groups=frozenset({"public", "everyone"}), via="http")
        words = [secret.words["text"] for secret in world.hidden(colleague)]
        # As many that no document holds, and as often: how long a word takes by itself must not tell.
        others = ["qx" + "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9)) for _ in words]
        took: dict[bool, list[list[float]]] = {True: [], False: []}
        for number in range(pairs + _WARM):
            held = words[number % len(words)]
            both = [(True, held), (False, others[number % len(others)])]
            rng.shuffle(both)
            for hidden, word in both:
                began = perf_counter()
                answer = ask(world.app, colleague, f"What does {word} say about case {number}?")
                total = 1000 * (perf_counter() - began)
                if number >= _WARM:
                    took[hidden].append([total, *answer.timings_ms.values()])
                    names = ["as measured by the asker", *answer.timings_ms]
        world.close()
    one, two = np.asarray(took[True]), np.asarray(took[False])
    told = {name: _told_apart(one[:, at], two[:, at], seed) for at, name in enumerate(names)}
    return {"pairs": pairs, "by one figure": told, "by all figures": _classified(one, two, len(words), seed)}


def _told_apart(one: "np.ndarray[Any, Any]", two: "np.ndarray[Any, Any]", seed: int) -> dict[str, float]:
    """The area with its 95 % interval (percentiles of 1,000 draws of pairs)."""
    again = np.random.default_rng(seed)
    drawn = [_area(one[at], two[at]) for at in (again.integers(len(one), size=len(one)) for _ in range(1000))]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"auroc": round(_area(one, two), 4), "from": round(float(low), 4), "to": round(float(high), 4)}


def _classified(one: "np.ndarray[Any, Any]", two: "np.ndarray[Any, Any]", words: int, seed: int) -> dict[str, Any]:
    """Each pair is judged by a classifier that was trained with pairs of other words: what is peculiar to a word does not help."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    figures = np.concatenate([one, two])
    hidden = np.repeat([1, 0], len(one))
    word = np.tile((np.arange(len(one)) + _WARM) % words, 2)
    kinds = {
        "logistic regression": make_pipeline(QuantileTransformer(n_quantiles=100), LogisticRegression()),
        "boosted trees": HistGradientBoostingClassifier(random_state=seed, max_iter=100),
    }
    found: dict[str, Any] = {}
    for name, kind in kinds.items():
        likely = cross_val_predict(kind, figures, hidden, groups=word, cv=GroupKFold(5), method="predict_proba")[:, 1]
        found[name] = _told_apart(likely[: len(one)], likely[len(one) :], seed)
    return found


def _area(one: "np.ndarray[Any, Any]", two: "np.ndarray[Any, Any]") -> float:
    """How often a time of `one` is above one of `two`: what any classifier that only looks at the time can come to."""
    ranks = rankdata(np.concatenate([one, two]))
    return float((ranks[: len(one)].sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(two)))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=100_000)
    options.add_argument("--of-one", type=int, default=2_000)
    options.add_argument("--change-every", type=int, default=10)
    options.add_argument("--web-every", type=int, default=10, help="one trial in so many goes over HTTP")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--timing", action="store_true")
    options.add_argument("--pairs", type=int, default=2_000)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    if given.timing:
        record({"benchmark": "leakage by time", **timing(given.pairs, given.seed)}, given.out)
        return
    result = hunt(given.trials, given.of_one, given.change_every, given.seed, given.web_every)
    record({"benchmark": "leakage", **result}, given.out)


if __name__ == "__main__":
    main()
