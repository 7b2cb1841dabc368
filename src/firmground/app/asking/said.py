"""What one person wrote beside an answer, whatever it was: personal data in it stays readable for them alone."""

from firmground.app.app import App
from firmground.app.redaction.answers import Wrote, hide_in_opinion
from firmground.app.redaction.keys import sealed
from firmground.ports import Transaction
from firmground.types import Actor


def hide_said(app: App, tx: Transaction, actor: Actor, answer: str, wrote: Wrote) -> None:
    """Keep the values of what they just wrote, encrypted, and those of what else of theirs stands there."""
    hide_in_opinion(app, tx, actor, answer, wrote, beside=said_by(tx, actor.person, answer))


def let_asker_read(app: App, tx: Transaction, answer: str, wrote: Wrote) -> None:
    """What was written for whoever asked, they read as it was written; but for what documents hide, which is for who may read it there."""
    if not wrote:
        return
    hidden = tx.where_hidden(wrote.keys())
    new = {word: value for word, value in wrote.items() if word not in hidden}
    kept = [row for row in tx.hidden_in_answers([answer]).get(answer, []) if row.placeholder not in new]
    tx.hide_in_answer(answer, [*kept, *sealed(app.personal_key, tx, new)])


def said_by(tx: Transaction, person: str, answer: str) -> list[str]:
    """Comment, notes and corrections."""
    comments = [each.comment for each in tx.feedback(answer) if each.person == person]
    notes = [each.note for each in tx.reviews([answer]) if each.person == person]
    items = [item.id for item in tx.items_of([answer])]
    acts = [act for acts in tx.acts(items).values() for act in acts if act.person == person]
    return [*comments, *notes, *(act.note for act in acts), *(act.wrote.text for act in acts if act.wrote)]
