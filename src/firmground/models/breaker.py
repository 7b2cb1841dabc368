"""A language model that fails again and again is left alone for a while."""

import time
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Literal, TypeAlias

from firmground.errors import ModelFailed
from firmground.language_model import Delta, ModelCall, Tokens
from firmground.ports import LanguageModel

FAILURES_OF_THE_SERVER = frozenset({"unreachable", "timeout", "overloaded", "cut_off"})

Leave: TypeAlias = Literal["call", "probe"]


class Circuit:
    """Whether something that may be down should be asked. Thread-safe.

    Closed: everything passes. `failures` in a row open it: nothing passes for `pause` seconds. Then one probe at a time passes: if it
    succeeds the circuit is closed, if it fails the next pause is twice as long, up to `longest`. Calls that passed before the circuit
    opened no longer change it.
    """

    def __init__(
        self,
        failures: int = 5,
        pause: float = 10.0,
        longest: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed = failures
        self._first = pause
        self._longest = longest
        self._monotonic = monotonic
        self._lock = Lock()
        self._failures = 0
        self._pause = 0.0
        self._opens_at = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether it waits, or waits for its probe."""
        with self._lock:
            return self._pause > 0

    @property
    def waits(self) -> float:
        """Seconds until the next probe may pass."""
        with self._lock:
            return max(0.0, self._opens_at - self._monotonic()) if self._pause else 0.0

    def ask(self) -> Leave | None:
        """A leave, to be given back to `ended`; None: do not ask now."""
        with self._lock:
            if not self._pause:
                return "call"
            if self._probing or self._monotonic() < self._opens_at:
                return None
            self._probing = True
            return "probe"

    def ended(self, leave: Leave, works: bool | None) -> None:
        """How it went; None where that tells nothing."""
        with self._lock:
            if leave == "probe":
                self._probing = False
            elif self._pause:
                return
            if works:
                self._failures, self._pause = 0, 0.0
            elif works is False:
                self._failures += 1
                if leave == "probe" or self._failures >= self._allowed:
                    self._pause = min(self._longest, 2 * self._pause or self._first)
                    self._opens_at = self._monotonic() + self._pause


class Breaker:
    """A language model behind a circuit: it is the model, but fails at once (`unavailable`) while the circuit is open.

    What counts: unreachable, timeout, overloaded, cut_off. A model that speaks works, also if its reader goes away before the end; a call
    that is cancelled before tells nothing; one that the server refuses closes the circuit as a probe, and changes nothing otherwise.
    """

    def __init__(self, model: LanguageModel, circuit: Circuit | None = None) -> None:
        self._model = model
        self.circuit = circuit or Circuit()

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

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        leave = self.circuit.ask()
        if leave is None:
            wait = f"in {self.circuit.waits:.0f} s" if self.circuit.waits else "when a call that is under way shows that it works"
            raise ModelFailed(
                "unavailable",
                f"the model {self.name} failed too often lately",
                f"it is asked again {wait}; see that its server runs",
            )
        works: bool | None = None
        try:
            for delta in self._model.stream(call, cancelled=cancelled):
                works = True
                yield delta
        except ModelFailed as failed:
            if failed.reason in FAILURES_OF_THE_SERVER:
                works = False
            elif failed.reason != "cancelled" and leave == "probe":
                works = True
            raise
        finally:
            self.circuit.ended(leave, works)

    def close(self) -> None:
        self._model.close()
