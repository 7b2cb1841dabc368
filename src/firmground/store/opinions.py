"""What people say of answers: thumbs, requests for a person, and which answers are shared."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, delete, select, update

from firmground.store.tables import feedback as thumbs
from firmground.store.tables import holds, opinion_values, reviews, shares
from firmground.store.unit import Unit, in_lots
from firmground.types import Feedback, ReviewRequest

_f = thumbs.c
_r = reviews.c
_ANSWERS: BindParameter[str] = bindparam("answers", expanding=True)
_REVIEWS = select(reviews).where(_r.answer.in_(_ANSWERS))
_HELD = select(holds.c.person)
_WITHOUT_COMMENT = update(thumbs).where(_f.answer.in_(_ANSWERS), _f.comment != "", _f.person.not_in(_HELD)).values(comment="")
_WITHOUT_VALUES = delete(opinion_values).where(opinion_values.c.answer.in_(_ANSWERS), opinion_values.c.person.not_in(_HELD))
_WITHOUT_NOTE = update(reviews).where(_r.answer.in_(_ANSWERS), _r.note != "", _r.person.not_in(_HELD)).values(note="")


class Opinions(Unit):
    """The chapter of a transaction on what people say of answers."""

    def save_feedback(self, feedback: Feedback) -> None:
        row = feedback.model_dump(mode="json")
        ours = and_(_f.answer == feedback.answer, _f.person == feedback.person)
        self._put(update(thumbs).where(ours).values(row), thumbs.insert().values(row))

    def drop_feedback(self, answer: str, person: str) -> None:
        self._connection.execute(delete(thumbs).where(_f.answer == answer, _f.person == person))

    def feedback(self, answer: str) -> list[Feedback]:
        found = self._rows(select(thumbs).where(_f.answer == answer))
        given = [Feedback.model_validate(_named(thumbs.c, row)) for row in found]
        return sorted(given, key=lambda each: (each.at, each.person))

    def save_review(self, review: ReviewRequest) -> None:
        row = review.model_dump(mode="json")
        self._put(update(reviews).where(_r.id == review.id).values(row), reviews.insert().values(row))

    def reviews(self, answers: Collection[str]) -> list[ReviewRequest]:
        found = [row for lot in in_lots(answers) for row in self._rows(_REVIEWS, {"answers": lot})]
        requests = [ReviewRequest.model_validate(_named(reviews.c, row)) for row in found]
        return sorted(requests, key=lambda each: (each.created_at, each.id))

    def drop_comments(self, answers: Collection[str]) -> None:
        for lot in in_lots(answers):
            self._connection.execute(_WITHOUT_COMMENT, {"answers": lot})
            self._connection.execute(_WITHOUT_NOTE, {"answers": lot})
            self._connection.execute(_WITHOUT_VALUES, {"answers": lot})

    def share(self, answer: str, person: str, at: datetime) -> None:
        if not self.shared(answer):
            self._insert(shares, [{"answer": answer, "person": person, "at": at.isoformat()}])

    def unshare(self, answer: str) -> None:
        self._connection.execute(delete(shares).where(shares.c.answer == answer))

    def shared(self, answer: str) -> bool:
        return self._value(select(shares.c.answer).where(shares.c.answer == answer)) is not None

    def all_shared(self) -> set[str]:
        return {answer for (answer,) in self._rows(select(shares.c.answer))}


def _named(columns: Any, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column.name: value for column, value in zip(columns, row, strict=True)}
