"""What models take for one answer, within its budget."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from time import perf_counter

from firmground.errors import ModelFailed
from firmground.ports import LanguageModel
from firmground.types import Delta, Json, ModelCall, Step, Tokens, Usage


class OverBudget(Exception):
    """The next call could cost more than is left."""


@dataclass
class Account:
    """What an answer has taken so far, and the steps that took it."""

    budget_usd: float | None = None
    tokens: Tokens = field(default_factory=Tokens)
    cost_usd: float | None = 0.0
    checked_ms: float = 0.0
    """What checking sentences took."""
    steps: list[Step] = field(default_factory=list[Step])

    @property
    def usage(self) -> Usage:
        return Usage(input_tokens=self.tokens.input, output_tokens=self.tokens.output, cost_usd=self.cost_usd)

    def charge(self, tokens: Tokens, cost: float | None) -> None:
        self.tokens = Tokens(
            input=self.tokens.input + tokens.input,
            output=self.tokens.output + tokens.output,
            estimated=self.tokens.estimated or tokens.estimated,
        )
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost

    def affords(self, cost: float | None) -> bool:
        """Whether a call that costs at most this may be made. What is not known is too much."""
        if self.budget_usd is None:
            return True
        return cost is not None and self.cost_usd is not None and self.cost_usd + cost <= self.budget_usd and self.budget_usd > 0

    def step(self, name: str, outcome: str, began: float, **detail: Json) -> None:
        self.steps.append(Step(name=name, outcome=outcome, detail=detail, took_ms=round((perf_counter() - began) * 1000, 2)))


def charged(
    model: LanguageModel, call: ModelCall, account: Account, cancelled: Callable[[], bool]
) -> Generator[Delta, None, None]:
    """The deltas of one call, which is paid for however it ends. OverBudget where it could cost more than is left."""
    read = sum(model.count(message.text) for message in call.messages)
    if not account.affords(model.cost(Tokens(input=read, output=call.max_output_tokens))):
        raise OverBudget
    began = perf_counter()
    taken: Tokens | None = None
    said = 0
    try:
        for delta in model.stream(call, cancelled=cancelled):
            said += len(delta.text)
            taken = delta.tokens or taken
            yield delta
    except ModelFailed as error:
        taken = Tokens(input=error.tokens[0], output=error.tokens[1], estimated=True)
        raise
    finally:
        taken = taken or Tokens(input=read, output=model.count("x" * said) if said else 0, estimated=True)
        account.charge(taken, model.cost(taken, perf_counter() - began) if taken.input or taken.output else 0.0)
