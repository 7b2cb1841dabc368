"""Legal holds: what is kept of somebody must stay, whoever wants it gone, until the hold is lifted."""

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.recording.ledger import record
from firmground.errors import InvalidInput, NotFound, Refused
from firmground.personal import Hold
from firmground.ports import Transaction
from firmground.types import Actor

_LONGEST = 500


def hold(app: App, actor: Actor, name: str, *, reason: str, by: str = "") -> Hold:
    """From now on nothing that is kept of this person is erased: not by an owner, not by themselves, not for its age; and nobody removes
    them. Their access can end, and a document can be erased, also from answers to them. `by`: who answers for the hold, if not who does
    it. For owners. Again with another reason replaces it. NotFound where nothing is kept of them."""
    need(actor, "own", "hold what is kept of others")
    reason = stated(reason)
    with app.database.transaction() as tx:
        if name not in tx.names_kept():
            raise NotFound(f"nothing is kept of {name!r}", "`firmground person list` shows who is known")
        made = Hold(person=name, by=by.strip() or actor.person, reason=reason, at=app.clock())
        tx.save_hold(made)
        record(app, tx, actor, "person.held", name, by=by.strip(), reason=reason)
    return made


def unhold(app: App, actor: Actor, name: str, *, reason: str = "", by: str = "") -> None:
    """It may be erased again; what they wrote beside answers of which something was erased meanwhile is emptied. For owners. NotFound
    without a hold."""
    need(actor, "own", "lift holds")
    with app.database.transaction() as tx:
        if tx.hold(name) is None:
            raise NotFound(f"there is no hold on what is kept of {name!r}", "`firmground person holds` shows all")
        tx.drop_hold(name)
        said = tx.said_by(name)
        looked_at = {item.answer for act in tx.acts_by(name) if (item := tx.item(act.item)) is not None}
        beside = {each.answer for each in (*said.feedback, *said.reviews)} | looked_at
        erased = [id for id in sorted(beside) if (trace := tx.trace(id)) is not None and trace.erased]
        tx.drop_comments(erased)
        tx.drop_written(erased)
        record(app, tx, actor, "person.unheld", name, by=by.strip(), reason=stated(reason) if reason.strip() else "")


def holds(app: App, actor: Actor) -> list[Hold]:
    """By name, for owners."""
    need(actor, "own", "see holds")
    with app.database.reading() as tx:
        return tx.holds()


def is_held(app: App, actor: Actor) -> bool:
    """Whether what is kept of this very person must stay; not why, which may be somebody else's secret."""
    with app.database.reading() as tx:
        return tx.hold(actor.person) is not None


def check_not_held(tx: Transaction, name: str, *, own: bool) -> None:
    """Refused where it is held; who asks for themselves is told that it is, and not why."""
    if tx.hold(name) is None:
        return
    if own:
        raise Refused("what is kept of you must be kept for the time being", "ask an owner of this workspace")
    raise Refused(f"what is kept of {name} is under a legal hold", "lift it first, with `firmground person unhold`")


def stated(reason: str) -> str:
    """A reason in one line. InvalidInput without one."""
    said = " ".join(reason.split())
    if not said:
        raise InvalidInput("a reason is needed", "say in a line why")
    if len(said) > _LONGEST or not said.isprintable():
        raise InvalidInput("this reason cannot be kept", f"write one line, up to {_LONGEST} characters")
    return said
