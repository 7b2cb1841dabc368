"""Calibrations as they are kept: found by what the signs depend on, and told when the documents have moved on."""

from collections.abc import Collection

from firmground.answer.calibration import Apart, Calibration
from firmground.answer.signs import NAMED, READING
from firmground.errors import Refused
from firmground.evaluate.threshold import Promise
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec
from firmground.types import Notice, Value, digest

CALIBRATIONS = "calibration"
"""Namespace of the calibration of each recipe, by fingerprint."""
STALE_SHARE = 0.2
_SKETCH = 512


class Promised(Value):
    """A promise on wrong answers as it is kept."""

    promise: Promise
    calibration: str
    """Digest of the confidence it was found with."""
    recipe: str
    """Digest of the recipe that was asked, with the threshold that calibration alone needs."""


def fingerprint(recipe: ReleaseSpec) -> str:
    """Of all that the signs of a question depend on: index, retrieval, how sentences are chosen and signs are read. Neither the
    confidence nor the words of the refusal are part of it."""
    parts = [part.model_dump(mode="json") for part in (recipe.answering.extractive, recipe.retrieval)]
    return digest([READING, recipe.build, list(recipe.embedder_languages or ()), *parts])[:16]


def keep(tx: Transaction, recipe: str, calibration: Calibration, judges: Apart) -> None:
    """Remember the latest of a recipe (its fingerprint), and what judges the questions it was fitted on. One that is not calibrated does
    not take the place of one that is."""
    packed = calibration.model_dump(mode="json")
    tx.put_fact(CALIBRATIONS, f"{recipe}/latest", packed)
    if calibration.calibrated:
        tx.put_fact(CALIBRATIONS, recipe, packed)
        tx.put_fact(CALIBRATIONS, _judges(recipe), judges.model_dump(mode="json"))
        tx.drop_facts(CALIBRATIONS, [_changed(recipe)])


def stored(tx: Transaction, recipe: str) -> Calibration | None:
    """What the recipe with this fingerprint is calibrated by; None where it is not, or by signs that are no more."""
    found = _read(tx, recipe)
    if found is None:
        return None
    return found if {*found.confidence.meaning.signs, *found.confidence.words.signs} <= NAMED.keys() else None


def judges_of(tx: Transaction, recipe: str) -> Apart:
    """What judges the questions that the calibration of a recipe (its fingerprint) was fitted on. Refused where an older version of
    Firmground made it."""
    try:
        return Apart.model_validate(tx.fact(CALIBRATIONS, _judges(recipe)))
    except ValueError:
        raise Refused("the calibration was made by an older version", "run `firmground release calibrate` first") from None


def _judges(recipe: str) -> str:
    return f"{recipe}/judges"


def latest(tx: Transaction, recipe: str) -> Calibration | None:
    """What the last attempt came to, calibrated or not."""
    return _read(tx, f"{recipe}/latest")


def _read(tx: Transaction, key: str) -> Calibration | None:
    try:
        return Calibration.model_validate(tx.fact(CALIBRATIONS, key))
    except ValueError:
        return None


def sketch(contents: Collection[str]) -> tuple[str, ...]:
    """The least of these digests, shortened: a sample of them that another sketch can be compared with."""
    return tuple(sorted({content[:16] for content in contents if content})[:_SKETCH])


def contents(tx: Transaction) -> list[str]:
    """Digests of the contents of the indexed documents."""
    return [document.content_hash for document in tx.documents(state="indexed")]


def changed(tx: Transaction, calibration: Calibration) -> float:
    """The estimated share of the corpus, as it is or as it was, whichever is more, that the other does not hold: 0…1. Looks at the row of
    every document."""
    found = contents(tx)
    return moved(calibration.sketch, calibration.indexed, sketch(found), len(set(found)))


def note_changes(tx: Transaction) -> None:
    """At the end of a sync: note beside each calibration, which stays as it is, how much of the corpus changed since."""
    for recipe in [key for key in tx.facts(CALIBRATIONS) if "/" not in key]:
        calibration = stored(tx, recipe)
        if calibration is not None:
            tx.put_fact(CALIBRATIONS, _changed(recipe), round(changed(tx, calibration), 3))


def _changed(recipe: str) -> str:
    return f"{recipe}/changed"


def moved(before: Collection[str], count_before: int, now: Collection[str], count_now: int) -> float:
    """From two sketches and how many contents each stands for (Jaccard by the least k of the union: Broder 1997)."""
    if not count_before or not count_now:
        return float(bool(count_before or count_now))
    union = sorted({*before, *now})[:_SKETCH]
    alike = len({*union} & {*before} & {*now}) / len(union)
    common = alike * (count_before + count_now) / (1 + alike)
    return max(0.0, 1 - common / max(count_before, count_now))


def keep_promise(tx: Transaction, recipe: str, made: Promise, found: Calibration, whole: ReleaseSpec) -> None:
    """Remember what was found of wrong answers with this calibration (`recipe`: its fingerprint), for the recipe that was asked."""
    kept = Promised(promise=made, calibration=found.confidence.digest, recipe=whole.digest)
    tx.put_fact(CALIBRATIONS, _promise(recipe), kept.model_dump(mode="json"))


def promise(tx: Transaction, recipe: str, found: Calibration) -> Promised | None:
    """What was found of wrong answers with this calibration, for whatever else the recipe was then."""
    try:
        kept = Promised.model_validate(tx.fact(CALIBRATIONS, _promise(recipe)))
    except ValueError:
        return None
    return kept if kept.calibration == found.confidence.digest else None


def _promise(recipe: str) -> str:
    return f"{recipe}/promise"


def stale(tx: Transaction, recipe: str) -> Notice | None:
    """A notice where the last sync found that more than a fifth of the documents changed since this recipe (its fingerprint) was
    calibrated; only a person repeats it."""
    share = tx.fact(CALIBRATIONS, _changed(recipe))
    if not isinstance(share, float) or share <= STALE_SHARE:
        return None
    text = f"About {share:.0%} of the documents changed since the confidence was calibrated: run `firmground release calibrate`."
    return Notice(code="calibration_stale", text=text)


def corpus_name(tx: Transaction) -> str:
    """What answers say they are calibrated on."""
    return f"your documents, version {tx.corpus_version()} of the corpus"
