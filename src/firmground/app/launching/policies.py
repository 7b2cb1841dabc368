"""The policy of a workspace: `policy.toml` is what is asked, once it is in force. What asks no less comes into force by being used; what
asks less only when a named person decides it, with a reason that every audit shows until the next decision."""

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching.decided import policy_was_decided
from firmground.app.launching.deciders import decider
from firmground.app.recording.ledger import record
from firmground.app.regular import read_regular
from firmground.errors import FirmgroundError, InvalidInput, OutsideFailed, Refused
from firmground.gate.policy import FILE_NAME, SHIPPED, TEMPLATE, Policy, looser, read
from firmground.ports import Transaction
from firmground.types import Actor, Json, Value, digest

ADOPTED = "policy.adopted"
_POLICY = "policy"
"""Namespace: `now` is what is in force; each policy that was is kept by its digest, with its text."""
_NOW = "now"
_LARGEST = 1_000_000
_LONGEST_REASON = 2000
_LOST = "what was in force before cannot be read any more"
_WRITE = "write it with `firmground policy write`, or restore it"


class Looser(Refused):
    """The file asks less than the policy in force, and nobody decided that; `findings` are the ways, one line each."""

    code = "policy-looser"

    def __init__(self, ways: Sequence[str]) -> None:
        self.findings = tuple(ways)
        super().__init__(
            f"{FILE_NAME} asks less than the policy in force ({'; '.join(ways)})",
            "undo that, or let somebody answer for it: `firmground policy adopt --by NAME --reason TEXT`",
        )


class Adopted(Value):
    """Which policy is in force, since when, and who let it ask less than before."""

    policy: str
    """Its digest."""
    at: datetime
    by: str
    reason: str = ""
    loosened: tuple[str, ...] = ()
    """How it asks less than what was in force before the decision, as far as it still does."""
    decided_by: str = ""
    """Who answers for that."""
    decided_at: datetime | None = None
    bases: tuple[str, ...] = ()
    """Digests of the policies before each decision that still lets it ask less, the oldest first."""


class Looked(NamedTuple):
    """The file beside what is in force."""

    policy: Policy | None
    """What the file says; None where it cannot be read."""
    problem: str
    """Why, in a line."""
    adopted: Adopted | None
    """None until a policy is first used: until then the one that is shipped is in force."""
    in_force: Policy | None
    """None where what is in force cannot be read any more."""
    looser: tuple[str, ...]
    """How the file asks less, one line each."""
    diff: str
    """From the text in force to the file."""


def policy_now(app: App) -> Policy:
    """What the file says at this moment, in force or not. Refused where there is none, InvalidInput where it cannot be read."""
    return read(_text(app))


def in_force(app: App, actor: Actor) -> Policy:
    """The policy by which to judge: the file's, which comes into force now if it asks no less than what was. Looser where it does;
    Refused and InvalidInput as `policy_now`."""
    need(actor, "releases", "use the policy")
    text = _text(app)
    policy = read(text)
    with app.database.reading() as tx:
        adopted = _adopted(tx)
    if adopted and adopted.policy == policy.digest:
        return policy
    with app.database.transaction() as tx:
        adopted = _adopted(tx)
        if ways := _looser(tx, adopted, policy):
            raise Looser(ways)
        made = Adopted(policy=policy.digest, at=app.clock(), by=actor.person, **_still_loose(tx, adopted, policy))
        _keep(tx, made, policy, text)
        before = adopted.policy if adopted else SHIPPED.digest
        record(app, tx, actor, ADOPTED, policy.digest, before=before, loosened=[], adopted=_kept(made))
    return policy


def adopt(app: App, actor: Actor, *, by: str = "", reason: str) -> Adopted:
    """Decide that the file is the policy from now on, whatever it asks: `by` is the administrator who answers for it. Refused where it is
    in force already; InvalidInput for a name or reason that cannot be used; NotAllowed, NotFound for a person who may not or is not
    known."""
    need(actor, "releases", "adopt a policy")
    if not reason.strip() or len(reason) > _LONGEST_REASON or not all(sign.isprintable() or sign == "\n" for sign in reason):
        raise InvalidInput("the decision needs a reason", f"say why, in up to {_LONGEST_REASON} printable characters")
    text = _text(app)
    policy = read(text)
    with app.database.transaction() as tx:
        person = decider(tx, actor, by, named=True)
        adopted, before, ways = _compared(tx, policy)
        if adopted and before == policy.digest:
            raise Refused("this policy is in force already", "see `firmground policy show`")
        now = app.clock()
        made = Adopted(policy=policy.digest, at=now, by=person, reason=reason.strip())
        standing = _still_loose(tx, adopted, policy)
        if ways:
            bases = (*standing.get("bases", ()), before)
            lost = (_LOST,) if _LOST in ways else ()
            lines = tuple(dict.fromkeys((*lost, *_ways(tx, bases, policy))))
            standing = {"loosened": lines, "bases": bases, "decided_by": person, "decided_at": now}
        made = made.model_copy(update=standing)
        _keep(tx, made, policy, text)
        told: dict[str, Json] = {"before": before or None, "loosened": [*ways], "reason": reason.strip(), "adopted": _kept(made)}
        record(app, tx, actor, ADOPTED, policy.digest, by=person, **told)
    return made


def is_in_force(tx: Transaction, policy: Policy) -> bool:
    adopted = _adopted(tx)
    return adopted is not None and adopted.policy == policy.digest


def loosened(tx: Transaction) -> tuple[str, ...]:
    """How what is in force asks less than it did before the last decision on it, each with who answers for it and why."""
    found = _adopted(tx)
    if found is None or found.decided_at is None:
        return ()
    told = f"{found.decided_by} on {found.decided_at:%Y-%m-%d}: {found.reason}"
    return tuple(f"{way} ({told})" for way in found.loosened)


def look(app: App, actor: Actor) -> Looked:
    """The file beside what is in force; nothing is decided by looking."""
    need(actor, "audit", "read the policy")
    text = problem = ""
    policy = before = None
    try:
        text = _text(app)
        policy = read(text)
    except FirmgroundError as error:
        problem = str(error)
    with app.database.reading() as tx:
        adopted = None
        try:
            adopted = _adopted(tx)
            before = _policy(tx, adopted.policy) if adopted else SHIPPED
        except _Lost as error:
            problem = problem or str(error)
        before_text = _text_in_force(tx, adopted)
    ways = tuple(looser(before, policy)) if policy and before else ()
    lines = difflib.unified_diff(before_text.splitlines(), text.splitlines(), "in force", FILE_NAME, lineterm="")
    return Looked(policy, problem, adopted, before, ways, "\n".join(lines))


def write(app: App, actor: Actor) -> str:
    """Write the file that comes with Firmground; its path. Refused where there is one."""
    need(actor, "releases", "write the policy")
    path = app.workspace.root / FILE_NAME
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        raise Refused(f"there is a {FILE_NAME} already", "change it, or move it away first") from None
    except OSError as error:
        raise OutsideFailed(f"cannot write {path} ({error.strerror})", "check permissions and free space") from None
    return str(path)


# ---------------------------------------------------------------- the file


def _text(app: App) -> str:
    try:
        content = read_regular(app.workspace.root / FILE_NAME, _LARGEST + 1)
    except FileNotFoundError:
        raise Refused(f"there is no {FILE_NAME}, so nobody can say what a release must prove", _WRITE) from None
    except OSError as error:
        raise Refused(f"{FILE_NAME} cannot be read ({error.strerror})", "check that it is a file, and its permissions") from None
    if len(content) > _LARGEST:
        raise InvalidInput(f"{FILE_NAME} is larger than 1 MB", _WRITE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{FILE_NAME} is not UTF-8", "save it as UTF-8") from None


# ---------------------------------------------------------------- what is kept


class _Lost(Refused):
    def __init__(self) -> None:
        super().__init__(
            "the policy in force cannot be read any more, so nobody knows whether the file asks less",
            "let somebody answer for the file: `firmground policy adopt --by NAME --reason TEXT`",
        )


def _adopted(tx: Transaction) -> Adopted | None:
    """_Lost where it is not what was decided last: then somebody changed it past everybody."""
    kept = tx.fact(_POLICY, _NOW)
    if not policy_was_decided(tx, kept):
        raise _Lost
    if kept is None:
        return None
    try:
        return Adopted.model_validate(kept)
    except ValueError:
        raise Refused("it cannot be read which policy is in force", "restore a backup, or use a newer version") from None


def _policy(tx: Transaction, known: str) -> Policy:
    """One that was in force, by its digest. _Lost where it cannot be read, or is another."""
    if known == SHIPPED.digest:
        return SHIPPED
    kept = cast("dict[str, Any] | None", tx.fact(_POLICY, known))
    try:
        if kept is None or digest(kept["policy"]) != known:
            raise _Lost
        return Policy.model_validate(kept["policy"])
    except (ValueError, TypeError, KeyError):
        raise _Lost from None


def _looser(tx: Transaction, adopted: Adopted | None, policy: Policy) -> list[str]:
    return looser(_policy(tx, adopted.policy) if adopted else SHIPPED, policy)


def _compared(tx: Transaction, policy: Policy) -> tuple[Adopted | None, str, tuple[str, ...]]:
    """What is in force, its digest, and how the policy asks less than it."""
    adopted = None
    try:
        adopted = _adopted(tx)
        return adopted, adopted.policy if adopted else SHIPPED.digest, tuple(_looser(tx, adopted, policy))
    except _Lost:
        return adopted, adopted.policy if adopted else "", (_LOST,)


def _still_loose(tx: Transaction, adopted: Adopted | None, policy: Policy) -> dict[str, Any]:
    """What was decided earlier stays on every audit, as far as the policy still asks less for it: asking for something else undoes it
    as little as asking for more of it."""
    bases = tuple(base for base in adopted.bases if _ways(tx, [base], policy)) if adopted else ()
    if adopted is None or not bases:
        return {}
    kept = adopted.model_dump(include={"reason", "decided_by", "decided_at"})
    return {**kept, "bases": bases, "loosened": _ways(tx, bases, policy)}


def _ways(tx: Transaction, bases: Sequence[str], policy: Policy) -> tuple[str, ...]:
    """How it asks less than any of them, told of the oldest. One that cannot be read any more counts until the policy asks for all that
    the shipped one does."""
    found: dict[str, str] = {}
    for base in bases:
        try:
            ways = looser(_policy(tx, base), policy)
        except _Lost:
            ways = [_LOST] if looser(SHIPPED, policy) else []
        for way in ways:
            found.setdefault(way.partition(":")[0], way)
    return tuple(found.values())


def _text_in_force(tx: Transaction, adopted: Adopted | None) -> str:
    kept = cast("dict[str, Any] | None", tx.fact(_POLICY, adopted.policy)) if adopted else None
    return str(kept["text"]) if kept else TEMPLATE


def _keep(tx: Transaction, made: Adopted, policy: Policy, text: str) -> None:
    packed: dict[str, Json] = {"text": text, "policy": policy.model_dump(mode="json")}
    tx.put_fact(_POLICY, made.policy, packed)
    if tx.fact(_POLICY, SHIPPED.digest) is None:  # a later version ships another, and must know this one to compare
        shipped: dict[str, Json] = {"text": TEMPLATE, "policy": SHIPPED.model_dump(mode="json")}
        tx.put_fact(_POLICY, SHIPPED.digest, shipped)
    tx.put_fact(_POLICY, _NOW, made.model_dump(mode="json"))


def _kept(made: Adopted) -> str:
    """What the entry knows of what is kept beside the ledger."""
    return digest(made.model_dump(mode="json"))
