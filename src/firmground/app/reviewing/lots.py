"""What chance is drawn from where a rule, or the sample, takes a share of the answers."""

import hmac
from dataclasses import dataclass, field

from firmground.app.access.seals import make_ready, sealed
from firmground.app.app import App
from firmground.evaluate.verdict import words
from firmground.language.visible import without_unseen

_PURPOSE = "lots"


@dataclass(frozen=True)
class Lots:
    """One lot for a question of a person: asking the same again draws nothing new, and nobody without the secret of this workspace can
    tell what it falls to.

    The same question is one of the same words, whatever their case and the signs between them, as it is for who counts judged answers.
    Another wording is another question with a lot of its own.

    A rule and the sample each look at it anew for each release. So any one question of a person comes to be chosen with just the
    probability that the rule or the sample names, however often it is asked: one over that is its weight, and no bias is in it. Drawn for
    each answer, a question asked a hundred times would nearly always be chosen, and weighed as if that were rare.
    """

    _key: bytes = field(repr=False)

    def of(self, person: str, question: str) -> str:
        """`question`: as it was asked, with placeholders for personal data."""
        said = f"{person}\0{words(without_unseen(question))}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, said, "sha256").hexdigest()


def lots(app: App) -> Lots:
    """Those of this workspace; its secret is made where it has none yet."""
    return app.once("lots", lambda: Lots(_key(app).encode()))


def _key(app: App) -> str:
    with app.database.reading() as tx:
        if found := sealed(tx, _PURPOSE, ""):
            return found
    with app.database.transaction() as tx:
        make_ready(tx)
        return sealed(tx, _PURPOSE, "")
