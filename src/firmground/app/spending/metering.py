"""What one answer may take of budgets that others draw on as well, and what it took: set aside before a model is called, and booked with
the answer.

What is set aside is the most that the next call can take. So whatever many ask at the same moment, in whichever process, no budget of
tokens is overspent, and one of money only by what a call costs more than was foreseen.
"""

import logging
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from firmground.app.access.names import EVALUATION
from firmground.app.app import App
from firmground.app.personal.pseudonyms import pseudonym
from firmground.app.spending.alerts import forget_over, note_share, note_spent
from firmground.app.spending.limits import (
    Budget,
    LimitReached,
    Rules,
    budgets_of,
    day_of,
    person_of,
    rules_of,
    spent,
    told,
    whose,
)
from firmground.errors import Busy, FirmgroundError
from firmground.language_model import Tokens
from firmground.ports import Transaction
from firmground.serve.account import Account, Denial
from firmground.serve.generation import EXTRACTIVE
from firmground.types import Actor, Answer
from firmground.usage import Booking, Reservation, Taken

JOB = Actor(person=EVALUATION, via="job")
"""On whose behalf golden cases are asked: only the workspace's budgets count."""
_LONGER = timedelta(minutes=2)
"""Than any call, something stays set aside."""
_TALLIES_DAYS = 62
_log = logging.getLogger(__name__)


class Meter:
    """Implements `Allowance` for one answer. With `degrades`, what does not fit is not called, so that the answer is quotes; else it is
    LimitReached, since what is measured must not change with a budget."""

    def __init__(self, app: App, actor: Actor, rules: Rules, *, release: str, degrades: bool = True) -> None:
        self._app = app
        self._now = app.clock
        self._day = day_of(app.clock())
        self._who = (person_of(actor), actor.key)
        self._via = actor.via
        self._release = release
        self._degrades = degrades
        self._id = secrets.token_hex(8)
        self._held: Taken | None = None
        self._until = app.clock()
        self._budgets = list(budgets_of(rules, self._day))
        self._of_models = [budget for budget in self._budgets if budget.measure != "answers"]
        self._disowned = False
        self.account = Account(allowance=self)
        self.told = False
        """Whether whoever asked heard a sentence: then it counts as an answer, also when they leave."""
        self.booked = False

    def begin(self) -> None:
        """LimitReached where there are no answers left of a day or month; else one is set aside."""
        counted = [budget for budget in self._budgets if budget.measure == "answers"]
        if counted and (full := self._set_aside(counted, Taken(answers=1))) is not None:
            raise _refused(full, (full.returns_at - self._now()).total_seconds())

    def permits(self, taken: Taken, most: Tokens, cost: float | None) -> Denial | None:
        more = Taken(input_tokens=most.input, output_tokens=most.output, usd=cost or 0.0)
        wanted = Taken(answers=1) + taken + more
        cap = self._app.workspace.settings.limits.answer
        if cap.tokens and wanted.tokens > cap.tokens:
            return Denial("answer_tokens")
        if cap.usd and cost is not None and wanted.usd > cap.usd:
            return Denial("answer_usd")
        if not self._of_models or self._holds(wanted):
            return None
        full = self._set_aside(self._of_models, wanted)
        if full is None:
            return None
        if not self._degrades:
            raise _refused(full, (full.returns_at - self._now()).total_seconds())
        words = f"{whose(full.pool)} budget for language models is used up until {told(full.returns_at)}"
        return Denial(full.code, words[0].upper() + words[1:])

    def book(self, tx: Transaction, answer: Answer | None = None) -> None:
        """What was taken, with the answer, where there is one that counts."""
        models = dict(self.account.models)
        if answer is not None or self.told:
            name = answer.model if answer is not None else next(reversed(models), EXTRACTIVE)
            models[name] = models.get(name, Taken()) + Taken(answers=1)
        if self._held is not None:
            tx.drop_reservation(self._id)
        if not models:
            return
        person, key = (pseudonym(tx, self._who[0]), "") if self._disowned else self._who
        _forget_old(self._app, tx, self._day)
        tx.book(Booking(self._day, person, key, self._release, self._via, models))
        if self._disowned:
            tx.disown_usage(person, person, self._day)
        note_share(self._app, tx, self._budgets, sum(models.values(), Taken()))

    def disown(self) -> None:
        """What was kept of the person was erased meanwhile: what they took is nobody's, but counts if they come back."""
        self._disowned = True

    def left(self, error: BaseException | None = None) -> None:
        """What was taken is booked although there is no answer, because of `error` where there was one."""
        if self.booked or (self._held is None and not self.account.models and not self.told):
            return
        for last in (False, False, True):
            try:
                with self._app.database.transaction(lasting=False) as tx:
                    self.book(tx)
                return
            except FirmgroundError as refused:  # it may have cost money, so it is worth waiting for others to finish writing
                if last or not isinstance(refused, Busy):
                    if str(refused) != str(error):  # a full disk that kept the answer from being saved is told once
                        _log.warning("what an answer took that came to nothing is not booked: %s", refused)
                    return

    def _holds(self, wanted: Taken) -> bool:
        """Whether it is set aside already, and stays so while the next call lasts."""
        held = self._held
        if held is None or wanted.tokens > held.tokens or wanted.usd > held.usd:
            return False
        return self._now() + self._longest_call() < self._until

    def _set_aside(self, budgets: list[Budget], wanted: Taken) -> Budget | None:
        """The budget that has no room for it; None where it was set aside."""
        now = self._now()
        person, key = self._who
        with self._app.database.transaction(lasting=False) as tx:
            full = spent(tx, budgets, wanted, now, but=self._id)
            if full is not None:
                note_spent(self._app, tx, full)
                return full
            until = now + _LONGER + self._longest_call()
            tokens, usd = wanted.tokens, wanted.usd
            aside = Reservation(id=self._id, person=person, key=key, day=self._day, tokens=tokens, usd=usd, at=now, until=until)
            tx.reserve(aside)
        self._held, self._until = wanted, until
        return None

    def _longest_call(self) -> timedelta:
        servers = self._app.workspace.settings.models.values()
        return timedelta(seconds=max((server.total_seconds for server in servers), default=60.0))


@contextmanager
def metered(app: App, actor: Actor, *, release: str, rules: Rules | None = None, degrades: bool = True) -> Generator[Meter]:
    """A meter for one answer, which books what was taken also where the answer comes to nothing."""
    if rules is None:
        with app.database.reading() as tx:
            rules = rules_of(app, tx, actor)
    meter = Meter(app, actor, rules, release=release, degrades=degrades)
    try:
        yield meter
    except BaseException as error:
        meter.left(error)
        raise
    meter.left()


def _refused(full: Budget, seconds: float) -> LimitReached:
    what = "answers" if full.measure == "answers" else "budget for language models"
    begun = "today" if full.window == "day" else "this month"
    words = f"{whose(full.pool)} {what} of {begun} are used up" if what == "answers" else f"{whose(full.pool)} {what} is used up"
    return LimitReached(words, f"there is more at {told(full.returns_at)}, or ask an administrator", seconds=seconds)


def _forget_old(app: App, tx: Transaction, day: str) -> None:
    """Once a day and process, with the first answer of that day."""
    last = app.once("usage forgotten", dict[str, str])
    if last.get("day") == day:
        return
    last["day"] = day
    begin = app.clock()
    tallies = day_of(begin - timedelta(days=_TALLIES_DAYS))[:7]
    forget_over(tx, begin)
    tx.drop_counts(tallies=tallies, minute=f"{begin:%Y-%m-%dT%H:%M}", now=begin)
