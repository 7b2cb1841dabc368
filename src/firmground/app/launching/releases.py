"""Releases: recipes frozen under a number; and which recipe is meant by `live`, `candidate`, a number or a digest, and by whom."""

import re
from typing import cast

from firmground.answer.confidence import Confidence
from firmground.app.access.rights import may_name_releases, need
from firmground.app.app import App
from firmground.app.corpus.builds import MOST_OTHERS, remember_embedder
from firmground.app.evaluating.calibrated import fingerprint, promise, stored
from firmground.app.launching import pointer
from firmground.app.recording.ledger import record
from firmground.errors import Damaged, FirmgroundError, InvalidInput, NotAllowed, NotFound, Refused
from firmground.ports import Transaction
from firmground.release.record import Difference, Live, Override, Release, differences
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
    need(actor, "releases", "create releases")
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
        record(app, tx, actor, "release.created", str(made.number), release=spec.digest, note=made.note)
    return made, True


def listed(app: App, actor: Actor) -> list[Release]:
    """All releases, newest first."""
    need(actor, "audit", "read releases")
    with app.database.reading() as tx:
        return _releases(tx)[::-1]


def show(app: App, actor: Actor, reference: str) -> Release:
    """A release, or the candidate as it would be released (number 0)."""
    need(actor, "audit", "read releases")
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
    """The recipe that answers when this is asked for: `live` (the release that was promoted; the candidate, as long as none was),
    `candidate` (the workspace as it stands), the number of a release, or a digest or its unambiguous beginning of six characters or more.
    What is live needs nothing of the candidate, which may not even open. Refused for a recipe that gave answers but was never released,
    and for a release whose index is not there; InvalidInput where several begin so; NotFound names what there is."""
    found = _meant(app, tx, reference)
    if found.build not in tx.builds() and found.build != app.candidate.build:
        raise Refused(
            f"the index that release {reference[:_TOLD]} searches is not kept: {MOST_OTHERS} besides the candidate's are",
            "restore what was changed under [index], and sync",
        )
    return found


def answering(app: App, tx: Transaction, actor: Actor, reference: str = LIVE) -> ReleaseSpec:
    """The recipe that answers this person, as `named` finds it. NotAllowed, to all but administrators, for another than the one that is
    live, and where there are accounts and nothing is live: what was not released reaches nobody else."""
    if may_name_releases(actor):
        return named(app, tx, reference)
    if pointer.read(tx, app.clock) is None and tx.has_owner():
        raise NotAllowed("nothing is released yet, so there is nothing to ask", "an administrator has to make a release live")
    live = named(app, tx, LIVE)
    try:
        found = live if reference == LIVE else named(app, tx, reference)
    except FirmgroundError:
        found = None
    if found is None or found.digest != live.digest:
        raise NotAllowed(f"{actor.person} may not ask another release than the one that is live", f"leave it out, or ask {LIVE}")
    return live


def _meant(app: App, tx: Transaction, reference: str) -> ReleaseSpec:
    """The same, wherever its index is."""
    if reference == LIVE and (live := pointer.read(tx, app.clock)) is not None:
        return _frozen(app, tx, live)
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


def _frozen(app: App, tx: Transaction, live: Live) -> ReleaseSpec:
    """The recipe of what is live, read once."""
    number = str(live.number)

    def read() -> Release:
        release = _read(number, tx.fact(_RELEASES, number))
        if release.spec.digest != live.release:
            raise Damaged(f"release {number} is not what was promoted", "roll back to another, or restore a backup")
        return release

    return app.once(f"release {live.release}", read).spec


def release_notice(app: App, tx: Transaction, recipe: ReleaseSpec) -> Notice | None:
    """That what answered is not live, or by override: the workspace as it stands, or a release that is not live. Names no release,
    since not everybody may know which there are."""
    live = pointer.read(tx, app.clock)
    if live is not None and live.release == recipe.digest:
        return _by_override(live.override) if live.override else None
    released = {release.spec.digest for release in _releases(tx)}
    if recipe.digest in released:
        return Notice(code="not_live", text="What answered is released, but not live.")
    if released:
        return Notice(code="not_released", text="This is the workspace as it stands, which differs from every release.")
    return Notice(code="not_released", text="Nothing was released yet: this is the workspace as it stands.")


def _by_override(override: Override) -> Notice:
    what = "override, as a demonstration," if override.demonstration else "override"
    text = f"What answered has not passed the gate: it is live by {what} until {override.expires_at:%Y-%m-%d %H:%M} UTC."
    return Notice(code="override", text=text)


def recipes_of_releases(app: App) -> list[ReleaseSpec]:
    """Of all releases, the one that matters most first: what is live, what was live before, then the newest."""
    with app.database.reading() as tx:
        every = {release.spec.digest: release.spec for release in _releases(tx)[::-1]}
        live = [pointer.pointed_at(tx), pointer.proven(tx)]
        moves = tx.entries(kinds=pointer.MOVES)[::-1]
    once_live = [each.release for each in live if each] + [str(each.detail.get("release", "")) for each in moves]
    first = [every[digest] for digest in dict.fromkeys(once_live) if digest in every]
    return [*first, *(each for each in every.values() if each not in first)]


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


def numbers(app: App) -> dict[str, int]:
    """What each released recipe is called, by its digest."""
    with app.database.reading() as tx:
        return {each.spec.digest: each.number for each in _releases(tx)}


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
