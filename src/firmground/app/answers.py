"""Ask a question."""

from random import SystemRandom

from firmground.app.app import App
from firmground.app.readiness import check_that_something_is_indexed, not_up_to_date
from firmground.app.search import corpus, within
from firmground.errors import InvalidInput
from firmground.ports import Filters
from firmground.serve.ask import answer
from firmground.types import Actor, Answer, Notice


def ask(app: App, actor: Actor, question: str, *, filters: Filters | None = None) -> Answer:
    """The candidate's answer from what this person may see, or the refusal. InvalidInput for an empty or overlong question;
    NotFound or Damaged where nothing was found because nothing is indexed."""
    longest = app.workspace.settings.serve.max_question_characters
    if len(question) > longest:
        raise InvalidInput(f"the question has {len(question)} characters", f"use at most {longest}")
    recipe = app.candidate
    given = answer(
        corpus(app),
        recipe.retrieval,
        recipe.answering,
        question,
        within(app, actor, filters or {}),
        release=recipe.digest,
        clock=app.clock,
        random=SystemRandom(),
    )
    if given.status == "abstained" and not given.closest:
        check_that_something_is_indexed(app)
    notices = (
        *given.notices,
        *not_up_to_date(app),
        Notice(code="not_released", text="Nothing was released yet: this is the workspace as it stands."),
        Notice(code="not_calibrated", text="The confidence is not calibrated on your documents."),
    )
    return given.model_copy(update={"notices": notices})
