"""Which recipe is meant: `live`, `candidate`, a number of a release, or a digest."""

import re

from firmground.app.app import App
from firmground.app.calibrated import fingerprint, stored
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.ports import Transaction
from firmground.release.spec import ReleaseSpec

LIVE = "live"
CANDIDATE = "candidate"
RECIPES = "recipe"
"""Namespace of the recipes that gave answers, by digest: what a replay needs."""
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
"""Of a digest, at least so much that two are hardly ever alike."""
_TOLD = 12


def named(app: App, tx: Transaction, reference: str) -> ReleaseSpec:
    """The recipe that answers when this is asked for: `live` (the candidate, as long as nothing is released), `candidate` (the workspace as
    it stands), or a digest or its unambiguous beginning of six characters or more. Refused for a recipe that gave answers earlier,
    InvalidInput where several begin so, NotFound names what there is."""
    now = recipe_now(app, tx)
    if reference in (LIVE, CANDIDATE, now.digest):
        return now
    if _DIGEST.fullmatch(reference):
        found = sorted(digest for digest in {*tx.facts(RECIPES), now.digest} if digest.startswith(reference))
        if len(found) > 1:
            raise InvalidInput(f"several recipes begin with {reference}", f"give more of one: {', '.join(found[:3])}")
        if found == [now.digest]:
            return now
        if found:
            raise Refused(
                f"the recipe {found[0][:_TOLD]} gave answers earlier and was not released, so it is not asked again",
                f"ask the {CANDIDATE}, {now.digest[:_TOLD]}; recipes that stay come with releases",
            )
    raise NotFound(
        f"there is no release {reference[:100]!r}",
        f"nothing is released yet: use {CANDIDATE} or {now.digest[:_TOLD]}; {LIVE} is the same until then",
    )


def digest_of(app: App, reference: str) -> str:
    """The digest of the recipe that is meant, as `named` finds it."""
    with app.database.reading() as tx:
        return named(app, tx, reference).digest


def recipe_now(app: App, tx: Transaction) -> ReleaseSpec:
    """The candidate with the confidence that calibration found for it, if it did; a threshold in the settings has the last word."""
    base = app.candidate
    calibration = stored(tx, fingerprint(base))
    if calibration is None or not calibration.calibrated:
        return base
    confidence = calibration.confidence
    threshold = app.workspace.settings.answer.threshold
    if threshold is not None:
        confidence = confidence.model_copy(update={"threshold": threshold, "sure": max(threshold, confidence.sure)})
    return app.once(
        f"recipe {confidence.digest}",
        lambda: base.model_copy(update={"answering": base.answering.model_copy(update={"confidence": confidence})}),
    )
