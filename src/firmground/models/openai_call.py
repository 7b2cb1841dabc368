"""One call of a model behind the OpenAI protocol: its time, its repeats, and what went wrong.

Loads the HTTP client: import it where it is needed.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, cast

import httpx2
import openai

from firmground.language_model import Delta, ModelCall, ModelCode
from firmground.models.openai_events import Nonsense, Saying, ServerSays
from firmground.models.openai_line import Answering, Arrival, Asking, Lines
from firmground.models.openai_request import Failure, Terms, Wishes, estimated_tokens

LOOKED_AT_EVERY = 0.2
"""Seconds between two looks at `cancelled` while nothing arrives."""
USAGE_WAITS = 2.0
"""Seconds that a finished answer waits for the number of its tokens."""
BACK_OFF, LONGEST_BACK_OFF = 0.5, 8.0
"""Seconds: the first pause is at most so long, each further one at most twice as long."""
_REPEATABLE = frozenset({408, 409, 429})


class _AskAgain(Exception):
    """Nothing arrived. `seconds`: the pause that the server wishes; `free`: not counted, without a pause."""

    def __init__(self, failure: Failure, seconds: float | None = None, *, free: bool = False) -> None:
        super().__init__(failure[1])
        self.failure = failure
        self.seconds = seconds
        self.free = free


class Call:
    """From the first request to the last delta, for one caller."""

    def __init__(self, terms: Terms, lines: Lines, wishes: Wishes, call: ModelCall, cancelled: Callable[[], bool]) -> None:
        self._terms = terms
        self._lines = lines
        self._wishes = wishes
        self._call = call
        self._cancelled = cancelled
        self._ends = terms.monotonic() + terms.total_seconds
        self._input = sum(estimated_tokens(each.text) + 4 for each in call.messages)
        self._asked = False
        self._accepted = False
        self._arrived = False
        self._output = 0
        self._tail = ""
        self._spoke = False

    def deltas(self) -> Iterator[Delta]:
        repeats = 0
        while True:
            self._look()
            body = self._wishes.body(self._call)
            asking = self._ask(body)
            try:
                yield from self._answer(asking, body)
            except _AskAgain as again:
                self._asked = False
                if not again.free:
                    self._rest(again, repeats)
                    repeats += 1
            else:
                return

    def _ask(self, body: dict[str, Any]) -> Asking:
        try:
            return self._lines.take().ask(body, self._lines.give)
        except (OSError, ValueError, ImportError, RuntimeError, httpx2.InvalidURL) as error:
            wrong = f"cannot be asked ({error})"
            self._fail(
                "unreachable", wrong, "check the variables for proxies and certificates, such as HTTPS_PROXY and SSL_CERT_FILE"
            )

    def _answer(self, asking: Asking, body: dict[str, Any]) -> Iterator[Delta]:
        """What one request brings."""
        saying = Saying()
        try:
            while not saying.ended:
                arrival = self._next(asking, saying)
                if arrival == "connected":
                    self._asked = True
                elif isinstance(arrival, Answering):
                    self._accepted = True
                    saying = Saying(whole=arrival.media_type == "application/json")
                elif isinstance(arrival, bytes):
                    self._arrived = True
                    yield from self._texts(saying, saying.feed(arrival))
                elif arrival == "end":
                    yield from self._texts(saying, saying.close())
                    break
                elif saying.finish is not None:  # it came to its end: what is missing is only the count of its tokens
                    break
                elif arrival is None:
                    self._late()
                else:
                    self._sort(arrival, body, asking)
            yield self._last(asking, saying)
        except Nonsense as error:
            self._fail("nonsense", f"gave an answer that is not the protocol ({error})", "check base_url and the server")
        except ServerSays as error:
            self._terms.fail(_refusal(error.status, str(error), self._terms), self._spent())
        finally:
            asking.leave()

    def _next(self, asking: Asking, saying: Saying) -> Arrival | None:
        """None: too late."""
        terms = self._terms
        limit = terms.connect_seconds if not self._asked else terms.read_seconds
        if saying.finish is not None:
            limit = min(limit, USAGE_WAITS)
        until = min(terms.monotonic() + limit, self._ends)
        while True:
            self._look()
            left = until - terms.monotonic()
            if left <= 0:
                return None
            if (arrival := asking.next(min(left, LOOKED_AT_EVERY))) is not None:
                return arrival

    def _texts(self, saying: Saying, texts: Iterator[str]) -> Iterator[Delta]:
        for text in texts:
            self._spoke = self._spoke or not text.isspace()
            self._count(text)
            yield Delta(text=text)
        allowed = 2 * self._call.max_output_tokens + 64  # the count is an estimate, and rather too high
        if self._output + saying.unsaid // 4 > allowed:
            self._fail(
                "too_long", f"wrote more than the {self._call.max_output_tokens} tokens it was allowed", "check that server"
            )

    def _count(self, text: str) -> None:
        self._tail += text
        if len(self._tail) > 256:
            self._output += estimated_tokens(self._tail)
            self._tail = ""

    def _last(self, asking: Asking, saying: Saying) -> Delta:
        if not saying.ended and saying.finish is None:
            if not self._arrived:
                raise _AskAgain(_CUT_OFF)
            self._terms.fail(_CUT_OFF, self._spent())
        if not self._spoke and saying.finish == "length":
            more = "give it more with answer.max_output_tokens"
            self._fail("too_long", f"said nothing within {self._call.max_output_tokens} tokens", more)
        if not self._spoke and saying.finish != "refused":
            self._fail("nonsense", "said nothing", "check the model and the server")
        asking.leave(0.05)  # so that the connection can be used again
        return Delta(tokens=saying.tokens(*self._spent(saying.unsaid)), finish=saying.finish or "stop")

    def _late(self) -> NoReturn:
        terms = self._terms
        if terms.monotonic() >= self._ends:
            self._fail("timeout", f"did not end within {terms.total_seconds:g} s", "try again, or allow more total_seconds")
        if not self._asked:
            more = "check base_url and the network, or allow more connect_seconds"
            raise _AskAgain(("timeout", f"gave no connection within {terms.connect_seconds:g} s", more))
        self._fail("timeout", f"sent nothing for {terms.read_seconds:g} s", "try again, or allow more read_seconds")

    def _sort(self, error: Exception, body: dict[str, Any], asking: Asking) -> NoReturn:
        """What the HTTP client says, as a failure or as a reason to ask again."""
        if isinstance(error, openai.APIStatusError):
            self._status(error, body)
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        failure = self._connection(cause if isinstance(cause, Exception) else error)
        if failure[0] == "nonsense" or self._arrived or isinstance(cause, httpx2.ReadTimeout | httpx2.WriteTimeout):
            self._terms.fail(failure, self._spent())
        raise _AskAgain(failure, free=asking.reuses and not self._accepted and failure[0] == "cut_off")

    def _connection(self, cause: Exception) -> Failure:
        at = f"{self._terms.base_url} ({cause})"
        if isinstance(cause, httpx2.TimeoutException):
            return "timeout", "did not answer in time", "try again, or allow more time"
        if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError):
            return "unreachable", f"cannot be reached at {at}", "check base_url and that the server runs"
        if isinstance(cause, httpx2.RemoteProtocolError) and not re.search("disconnected|closed connection", str(cause)):
            return "nonsense", f"gave an answer that is not the protocol ({cause})", "check base_url and the server"
        if isinstance(cause, httpx2.NetworkError | httpx2.RemoteProtocolError):
            return _CUT_OFF
        return "nonsense", f"cannot be understood ({type(cause).__name__}: {cause})", "check base_url and the server"

    def _status(self, error: openai.APIStatusError, body: dict[str, Any]) -> NoReturn:
        self._asked = False
        status = error.status_code
        details = cast("dict[str, Any]", error.body) if isinstance(error.body, dict) else {}
        said = str(details.get("message") or error.message)
        if status in {400, 422} and self._wishes.adapt(body, error.message, details.get("param")):
            raise _AskAgain(("rejected", said, ""), free=True)
        if details.get("code") == "insufficient_quota":
            self._fail("refused", f"has no money left ({said})", "see the account that the key belongs to")
        failure = _refusal(status, said, self._terms)
        if status in _REPEATABLE or status >= 500:
            raise _AskAgain(failure, _retry_after(error.response.headers))
        self._terms.fail(failure)

    def _rest(self, again: _AskAgain, repeats: int) -> None:
        """The pause before the next request; fails where there is no more time or no more repeat."""
        terms = self._terms
        longest = min(LONGEST_BACK_OFF, BACK_OFF * 2**repeats)
        seconds = terms.chance.uniform(0, longest) if again.seconds is None else again.seconds
        until = terms.monotonic() + seconds
        if repeats >= terms.retries or until >= self._ends:
            terms.fail(again.failure)
        while (left := until - terms.monotonic()) > 0:
            self._look()
            terms.pause(min(left, LOOKED_AT_EVERY))

    def _look(self) -> None:
        if self._cancelled():
            self._fail("cancelled", "was stopped", "ask again")

    def _spent(self, unsaid: int = 0) -> tuple[int, int]:
        return (self._input, self._output + estimated_tokens(self._tail) + unsaid // 4) if self._asked else (0, 0)

    def _fail(self, reason: ModelCode, what: str, remedy: str) -> NoReturn:
        self._terms.fail((reason, what, remedy), self._spent())


_CUT_OFF: Failure = ("cut_off", "broke off", "try again; if it stays, see what the server logged")


def _refusal(status: int, said: str, terms: Terms) -> Failure:
    """What a status of a server means; `said` is its own word, which is not repeated where it may hold the key."""
    server, _, model = terms.name.partition("/")
    if status in {401, 403} and terms.key_variable and not terms.api_key:
        return "refused", f"wants an API key, and {terms.key_variable} is not set (status {status})", f"set {terms.key_variable}"
    if status in {401, 403}:
        return (
            "refused",
            f"refused the API key (status {status})",
            f"check the variable that api_key_env of [models.{server}] names",
        )
    if status == 404:
        return "refused", f"is not known by its server ({said})", f"check the name {model} and base_url of [models.{server}]"
    if status in _REPEATABLE or status >= 500:
        return "overloaded", f"has no room or is in trouble (status {status}: {said})", "try again later"
    return "rejected", f"does not accept the request (status {status}: {said})", "check the model, its limits and the server"


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds: a number, or until a date."""
    milliseconds, wished = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    try:
        if milliseconds:
            return max(0.0, float(milliseconds) / 1000)
        return max(0.0, float(wished)) if wished else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(wished) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
