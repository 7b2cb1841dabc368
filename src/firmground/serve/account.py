"""What models take for one answer, within its budgets."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple, Protocol

from firmground.errors import ModelFailed
from firmground.language_model import Delta, ModelCall, Tokens
from firmground.ports import LanguageModel
from firmground.types import Json, Step, Usage
from firmground.usage import Taken


class Denial(NamedTuple):
    """Why a call is not made. `code` is stable; `notice`, if any, tells the reader that a budget is spent, and until when."""

    code: str
    notice: str = ""


class OverBudget(Exception):
    """The next call could take more than is left."""

    def __init__(self, denial: Denial) -> None:
        super().__init__(denial.code)
        self.code = denial.code


class Allowance(Protocol):
    """What an answer may take besides what its recipe says: its own cap, and budgets that others draw on as well."""

    def permits(self, taken: Taken, most: Tokens, cost: float | None) -> Denial | None:
        """None where a call that takes at most so much may be made by an answer that has `taken` that; it is set aside then. `cost` is
        None where the price is not known."""
        ...


class Unlimited:
    """Implements `Allowance` by allowing all."""

    def permits(self, taken: Taken, most: Tokens, cost: float | None) -> Denial | None:
        del taken, most, cost
        return None


@dataclass
class Account:
    """What an answer has taken so far, by the model that took it, and the steps that did."""

    budget_usd: float | None = None
    allowance: Allowance = field(default_factory=Unlimited)
    tokens: Tokens = field(default_factory=Tokens)
    cost_usd: float | None = 0.0
    models: dict[str, Taken] = field(default_factory=dict[str, Taken])
    denied: Denial | None = None
    """Why the latest call that was not made was not."""
    checked_ms: float = 0.0
    """What checking sentences took."""
    steps: list[Step] = field(default_factory=list[Step])

    @property
    def usage(self) -> Usage:
        return Usage(input_tokens=self.tokens.input, output_tokens=self.tokens.output, cost_usd=self.cost_usd)

    @property
    def taken(self) -> Taken:
        return sum(self.models.values(), Taken())

    def charge(self, model: str, tokens: Tokens, cost: float | None) -> None:
        """What a call took, however it ended."""
        self.tokens = Tokens(
            input=self.tokens.input + tokens.input,
            output=self.tokens.output + tokens.output,
            estimated=self.tokens.estimated or tokens.estimated,
        )
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost
        used = Taken(input_tokens=tokens.input, output_tokens=tokens.output, usd=cost or 0.0, unpriced=int(cost is None))
        self.models[model] = self.models.get(model, Taken()) + used

    def permit(self, most: Tokens, cost: float | None) -> None:
        """OverBudget where a call that takes at most so much, and costs at most that, must not be made."""
        denial = None if self._affords(cost) else Denial("budget_usd")
        denial = denial or self.allowance.permits(self.taken, most, cost)
        if denial is not None:
            self.denied = denial
            raise OverBudget(denial)

    def step(self, name: str, outcome: str, began: float, **detail: Json) -> None:
        self.steps.append(Step(name=name, outcome=outcome, detail=detail, took_ms=round((perf_counter() - began) * 1000, 2)))

    def _affords(self, cost: float | None) -> bool:
        """By the recipe. What is not known is too much."""
        if self.budget_usd is None:
            return True
        return cost is not None and self.cost_usd is not None and self.cost_usd + cost <= self.budget_usd and self.budget_usd > 0


def charged(
    model: LanguageModel, call: ModelCall, account: Account, cancelled: Callable[[], bool]
) -> Generator[Delta, None, None]:
    """The deltas of one call, which is paid for however it ends. OverBudget where it could take more than is left."""
    read = sum(model.count(message.text) for message in call.messages)
    most = Tokens(input=read, output=call.max_output_tokens)
    account.permit(most, model.cost(most))
    began = perf_counter()
    taken: Tokens | None = None
    said = 0
    try:
        for delta in model.stream(call, cancelled=cancelled):
            said += len(delta.text)
            taken = delta.tokens or taken
            yield delta
    except ModelFailed as error:
        if any(error.tokens) or not said:
            taken = Tokens(input=error.tokens[0], output=error.tokens[1], estimated=True)
        raise
    finally:
        taken = taken or Tokens(input=read, output=model.count("x" * said) if said else 0, estimated=True)
        account.charge(model.name, taken, model.cost(taken, perf_counter() - began) if taken.input or taken.output else 0.0)


class Accounted:
    """Implements `LanguageModel` by another one, all of whose calls are paid for by one account. Its `stream` may be OverBudget."""

    def __init__(self, model: LanguageModel, account: Account) -> None:
        self._model = model
        self._account = account

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def structured(self) -> bool:
        return self._model.structured

    def count(self, text: str) -> int:
        return self._model.count(text)

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        return self._model.cost(tokens, seconds)

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Generator[Delta, None, None]:
        return charged(self._model, call, self._account, cancelled)

    def close(self) -> None:
        """It is not this one's to close."""
