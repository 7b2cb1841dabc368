"""One request: who asks, with what right they came in, and what they are served by."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Annotated, Any, Literal, ParamSpec, TypeAlias, TypeVar, cast

from fastapi import Depends, Request

from firmground.app.app import App
from firmground.app.asking.answers import ask, new_id
from firmground.app.asking.repeats import Repeat, remember
from firmground.app.launching.releases import LIVE
from firmground.app.spending.rates import admit
from firmground.errors import NotAllowed
from firmground.ports import Filters
from firmground.release.record import Live
from firmground.serve.conversation import Turn
from firmground.types import Actor, Answer, Event
from firmground.web.problems import NotReady
from firmground.web.served import Served
from firmground.web.streams import Key, Stream, Streams
from firmground.web.turns import Whose

P = ParamSpec("P")
T = TypeVar("T")

CameBy: TypeAlias = Literal["local", "session", "key", "widget", "nobody"]


class Visit:
    """What the routes see of the server. `form_token` is what forms and scripts of our own pages send with what they change.

    `by`: `local` until accounts exist; then a browser's `session`, a `key` of a person, a key of a page elsewhere (`widget`), or `nobody`
    on the few pages that need no credentials. `credential`: the digest of the key it came with, or the session's id. `origins`: the sites
    that it may come from, besides our own.
    """

    def __init__(
        self,
        served: Served,
        actor: Actor,
        *,
        by: CameBy,
        form_token: str = "",
        credential: str = "",
        origins: tuple[str, ...] = (),
    ) -> None:
        self.served = served
        self.actor = actor
        self.by: CameBy = by
        self.form_token = form_token
        self.credential = credential
        self.origins = origins
        self.stale = ""
        """Digest of the secret of a session that is to change with the response."""
        self.address = ""
        """Where it comes from."""
        self.exception: Live | None = None
        """What is live although the gate refused it: every page says so. Looked up for pages alone."""
        self.to_review = 0
        """How many answers wait for them to look at; likewise."""
        self.unread = 0
        """How many messages they have not read; likewise."""

    @property
    def app(self) -> App:
        return self.served.app

    @property
    def whose(self) -> Whose:
        """Whose share of the server it takes: a person's, with all their keys and sessions, or that of a page elsewhere."""
        if self.by == "nobody":
            return Whose("stranger", "")
        if self.by == "widget":
            return Whose("page", f"page {self.credential}")
        name = "" if self.by == "local" else f"person {self.actor.person}"
        return Whose("program" if self.by == "key" else "person", name)

    @property
    def streams(self) -> Streams:
        return self.served.streams

    async def run(self, use: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a use case in a thread. Overloaded when too many wait, in all or of theirs."""
        return await self.served.run(self.whose, partial(use, *args, **kwargs))

    async def part(self, use: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call one part of work that takes long, between the parts of others. Overloaded when too many wait."""
        return await self.served.part(self.whose, partial(use, *args, **kwargs))

    async def opened(self, *, anyway: bool = False) -> None:
        """Wait until model and index are open, holding no thread. What keeps them closed is raised, unless `anyway`."""
        await self.served.opened(anyway=anyway)

    async def counted(self) -> None:
        """One more search or upload of theirs. LimitReached where there were too many in this minute."""
        await asyncio.to_thread(self._count)

    def _count(self) -> None:
        if self.by != "local":  # whoever is on this machine may ask as much as they like
            admit(self.app, self.actor, self.address)

    async def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        conversation: str = "",
        history: Sequence[Turn] = (),
        release: str = LIVE,
        request_id: str = "",
        key: Key | None = None,
    ) -> Stream:
        """Start to answer a question, as `firmground.app.asking.answers.ask` does. With `key`, the answer is found by it for a day.
        LimitReached where there were too many requests of theirs in this minute."""
        await self.served.opened()
        if key is None:
            self.streams.check_room(self.whose)
        # Not among other requests: many who ask at the same moment would be refused there, although their answers have room.
        await asyncio.to_thread(self._count)
        id = await asyncio.to_thread(new_id, self.app, self.actor)
        what = partial(ask, self.app, self.actor, question, filters=filters, conversation=conversation, history=history)
        once = partial(what, release=release, id=id)

        def make(*, listen: Callable[[Event], None], cancelled: Callable[[], bool]) -> Answer:
            answer = once(listen=listen, cancelled=cancelled)
            if key is not None:
                remember(self.app, self.actor, key.name, Repeat(key.body, answer.id))
            return answer

        return self.served.streams.begin(
            id, self.actor, make, question=question, request_id=request_id, key=key, whose=self.whose
        )


def in_person(visit: Visit, what: str) -> None:
    """Refused to a key: whoever finds one must not get more from it than it lasts. An administrator's programs may."""
    if visit.by in {"key", "widget"} and not visit.actor.may("people"):
        raise NotAllowed(f"a key may not {what}", "sign in, and do it there")


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What comes of the work. It ends where it waits when whoever asked leaves before."""
    outcome = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({outcome, gone}, return_when=asyncio.FIRST_COMPLETED)
        if outcome.done():
            return outcome.result()
        raise NotReady("nobody waits for this any more", "ask again")
    finally:
        for task in (outcome, gone):
            task.cancel()
        await asyncio.wait({outcome, gone})


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _visit(request: Request) -> Visit:
    return cast("Visit", request.state.visit)


TheVisit = Annotated[Visit, Depends(_visit)]
