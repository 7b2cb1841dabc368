"""A question of a conversation, said anew by a model so that it is understood without what was said before."""

from collections.abc import Callable, Sequence
from time import perf_counter

from firmground.answer.inert import visible
from firmground.answer.prompt import Prompt, rewrite_messages
from firmground.errors import ModelFailed
from firmground.guard.copies import Copies
from firmground.guard.questions import blocked, orders
from firmground.language.identify import identify
from firmground.language.terms import terms
from firmground.language.vague import about
from firmground.language_model import Message, ModelCall
from firmground.ports import LanguageModel
from firmground.serve.account import Account, OverBudget, charged
from firmground.serve.conversation import Turn, Understood
from firmground.serve.guarding import Guard, Withdrawn
from firmground.serve.unread import NOTHING_UNREAD, Unread
from firmground.types import Json

_LONGEST_TOKENS = 120
_LONGEST = 500
"""Characters."""
_MOSTLY = 0.5
"""The least share of its words that stand in the conversation."""


def rewritten(
    known: Understood,
    history: Sequence[Turn],
    *,
    prompt: Prompt,
    model: LanguageModel,
    account: Account,
    unread: Unread = NOTHING_UNREAD,
    cancelled: Callable[[], bool] = lambda: False,
) -> Understood:
    """As `known` is, which rules made of it, with the model's words for it; `known` itself where the model has none in one line, where
    they still do not say what the question is about, and where they give orders, hold personal data that nobody said, or come from
    elsewhere than the conversation.

    What it says is only searched for and answered, never shown as an answer. ModelFailed only where `cancelled`.
    """
    began = perf_counter()
    guard = Guard((), question=known.shown, refusal="", history=turns(history))
    messages = rewrite_messages(prompt, known.shown, turns(history), seal=guard.seal)
    guard.tell(messages, structured=False)
    said = ""
    denied: dict[str, Json] = {}
    try:
        for delta in charged(model, ModelCall(messages=messages, max_output_tokens=_LONGEST_TOKENS), account, cancelled):
            said += delta.text
        line = " ".join(visible(said).split()).strip("\"'` ")
        told = "\n".join((known.shown, *(message.text for message in turns(history))))
        guard.hear(line)
        copies = Copies(told)
        line = copies.mended(line)
        follows = len(line) <= _LONGEST and about(line) and _of_the_conversation(line, told)
        follows = follows and not copies.torn(line) and not unread.made_up(line, [told])
        outcome = "done" if follows else "nonsense"
    except ModelFailed as error:
        if error.reason == "cancelled":
            raise
        line, outcome = "", error.reason
    except Withdrawn:
        line, outcome = "", "nonsense"
    except OverBudget as error:
        line, outcome = "", "over_budget"
        denied["why"] = error.code
    account.step("rewrite", outcome, began, model=model.name, **denied)
    if outcome != "done":
        return known
    context = tuple(turn.id for turn in history)
    why = "rewritten" if known.why == "alone" and line != known.shown else known.why
    return known.model_copy(update={"asked": line, "follow_up": line != known.shown, "why": why, "context": context})


def _of_the_conversation(line: str, told: str) -> bool:
    """Whether it asks what somebody in the conversation could have asked: the reader is shown it as the question that was searched."""
    language = identify(line)
    said = set(terms(line, language))
    return blocked(orders(line)) is None and len(said & set(terms(told, language))) > _MOSTLY * len(said)


def turns(history: Sequence[Turn]) -> list[Message]:
    """The conversation as a model is told it."""
    said = [(Message(role="user", text=turn.asked), Message(role="assistant", text=turn.answer)) for turn in history]
    return [message for pair in said for message in pair if message.text]
