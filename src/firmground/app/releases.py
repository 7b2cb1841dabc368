"""Releases: recipes frozen under a number; and which recipe is meant by `live`, `candidate`, a number or a digest."""

import re
from typing import cast

from firmground.answer.confidence import Confidence
from firmground.app.app import App
from firmground.app.builds import MOST_OTHERS, remember_embedder
from firmground.app.calibrated import fingerprint, promise, stored
from firmground.app.rights import administrators_only
from firmground.errors import Damaged, InvalidInput, NotFound, Refused
from firmground.ports import Transaction
from firmground.release.record import Difference, Release, differences
from firmground.release.spec import ReleaseSpec
from firmground.settings import recipe_keys
from firmground.types import Actor, Json, Notice

LIVE = "live"
CANDIDATE = "candidate"
RECIPES = "recipe"
"""Namespace of the recipes that gave answers, by digest: what a replay needs."""
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
"""Of a digest, at least so much that two are hardly ever alike."""
_TOLD = 12
_SHORTEST_DIGEST = 6
_RELEASES = "release"
"""Namespace of releases, by number."""
_LONGEST_NOTE = 2000


def create(app: App, actor: Actor, *, note: str = "") -> tuple[Release, bool]:
    """Freeze the candidate as it stands, and whether it is new: the same recipe has one number. For administrators."""
    administrators_only(actor, "create releases")
    if len(note) > _LONGEST_NOTE or not all(sign.isprintable() or sign == "\n" for sign in note):
        raise InvalidInput("the note cannot be used", f"use up to {_LONGEST_NOTE} printable characters")
    with app.database.transaction() as tx:
        spec = recipe_now(app, tx)
        remember_embedder(app, tx)
        known = _releases(tx)
        for release in known:
            if release.spec.digest == spec.digest:
                return release, False
        made = Release(
            number=max((each.number for each in known), default=0) + 1,
            spec=spec,
            settings=cast("dict[str, Json]", recipe_keys(app.workspace.settings)),
            note=note.strip(),
            by=actor.person,
            created_at=app.clock(),
        )
        tx.put_fact(_RELEASES, str(made.number), made.model_dump(mode="json"))
        tx.put_fact(RECIPES, spec.digest, spec.model_dump(mode="json"))
    return made, True


def listed(app: App, actor: Actor) -> list[Release]:
    """All releases, newest first."""
    administrators_only(actor, "read releases")
    with app.database.reading() as tx:
        return _releases(tx)[::-1]


def show(app: App, actor: Actor, reference: str) -> Release:
    """A release, or the candidate as it would be released (number 0)."""
    administrators_only(actor, "read releases")
    with app.database.reading() as tx:
        spec = _meant(app, tx, reference)
        for release in _releases(tx):
            if release.spec.digest == spec.digest:
                return release
        settings = cast("dict[str, Json]", recipe_keys(app.workspace.settings))
        return Release(number=0, spec=spec, settings=settings, by=actor.person, created_at=app.clock())


def diff(app: App, actor: Actor, first: str, second: str = "candidate") -> list[Difference]:
    """What changed from one release to another."""
    return differences(show(app, actor, first), show(app, actor, second))


def named(app: App, tx: Transaction, reference: str) -> ReleaseSpec:
    """The recipe that answers when this is asked for: `live` (the candidate, as long as nothing was promoted), `candidate` (the workspace
    as it stands), the number of a release, or a digest or its unambiguous beginning of six characters or more. Refused for a recipe that
    gave answers but was never released, and for a release whose index is not there; InvalidInput where several begin so; NotFound names
    what there is."""
    found = _meant(app, tx, reference)
    if found.build not in {app.candidate.build, *tx.builds()}:
        raise Refused(
            f"the index that release {reference[:_TOLD]} searches is not kept: {MOST_OTHERS} besides the candidate's are",
            "restore what was changed under [index], and sync",
        )
    return found


def _meant(app: App, tx: Transaction, reference: str) -> ReleaseSpec:
    """The same, wherever its index is."""
    now = recipe_now(app, tx)
    if reference in (LIVE, CANDIDATE, now.digest):
        return now
    released = {release.spec.digest: release for release in _releases(tx)}
    if reference.isdecimal() and len(reference) < _SHORTEST_DIGEST:
        for release in released.values():
            if release.number == int(reference):
                return release.spec
    elif _DIGEST.fullmatch(reference):
        found = sorted(digest for digest in {*tx.facts(RECIPES), now.digest} if digest.startswith(reference))
        if len(found) > 1:
            raise InvalidInput(f"several recipes begin with {reference}", f"give more of one: {', '.join(found[:3])}")
        if found == [now.digest]:
            return now
        if found and found[0] in released:
            return released[found[0]].spec
        if found:
            raise Refused(
                f"the recipe {found[0][:_TOLD]} gave answers earlier and was not released, so it is not asked again",
                f"ask the {CANDIDATE}, {now.digest[:_TOLD]}; keep recipes with `firmground release create`",
            )
    numbers = ", ".join(str(release.number) for release in released.values())
    raise NotFound(
        f"there is no release {reference[:100]!r}",
        f"use {CANDIDATE}{f', or a number: {numbers}' if numbers else ''}; `firmground release list` shows all",
    )


def release_notice(tx: Transaction, recipe: ReleaseSpec) -> Notice:
    """That what answered is not live: it is the workspace as it stands, or a release that was never made live. Names no release, since
    not everybody may know which there are."""
    released = {release.spec.digest for release in _releases(tx)}
    if recipe.digest in released:
        return Notice(code="not_live", text="What answered is released, but not live yet.")
    if released:
        return Notice(code="not_released", text="This is the workspace as it stands, which differs from every release.")
    return Notice(code="not_released", text="Nothing was released yet: this is the workspace as it stands.")


def recipes_of_releases(app: App) -> list[ReleaseSpec]:
    """Of all releases, newest first."""
    with app.database.reading() as tx:
        return [release.spec for release in _releases(tx)[::-1]]


def _releases(tx: Transaction) -> list[Release]:
    """By number."""
    return sorted((_read(number, each) for number, each in tx.facts(_RELEASES).items()), key=lambda release: release.number)


def _read(number: str, kept: Json) -> Release:
    try:
        return Release.model_validate(kept)
    except ValueError:
        raise Damaged(
            f"release {number} cannot be read", "use the version of Firmground that made it or a newer one, or restore a backup"
        ) from None


def digest_of(app: App, reference: str) -> str:
    """The digest of the recipe that is meant, as `named` finds it."""
    with app.database.reading() as tx:
        return named(app, tx, reference).digest


def recipe_now(app: App, tx: Transaction) -> ReleaseSpec:
    """The candidate with the confidence that calibration found for it, if it did, and the threshold that a promise on wrong answers
    needs; a threshold in the settings has the last word."""
    base = app.candidate
    name = fingerprint(base)
    calibration = stored(tx, name)
    if calibration is None or not calibration.calibrated:
        return base
    confidence = calibration.confidence
    made = promise(tx, name, calibration)
    threshold = app.workspace.settings.answer.threshold
    if threshold is None and made is not None and made.promise.threshold is not None:
        threshold = max(made.promise.threshold, confidence.threshold)
    if threshold is not None:
        confidence = confidence.model_copy(update={"threshold": threshold, "sure": max(threshold, confidence.sure)})
    return app.once(f"recipe {confidence.digest}", lambda: recipe_calibrated(base, confidence))


def recipe_calibrated(recipe: ReleaseSpec, confidence: Confidence) -> ReleaseSpec:
    """The same recipe with another confidence."""
    return recipe.model_copy(update={"answering": recipe.answering.model_copy(update={"confidence": confidence})})
