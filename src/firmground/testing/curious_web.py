"""The people of `firmground.testing.curious` at the doors of a server: programs with keys, browsers with sessions, a page elsewhere."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

from firmground.app.access import accounts, keys
from firmground.app.access.passwords import Passwords
from firmground.groups import PUBLIC
from firmground.testing.app import ADMINISTRATOR, make_live
from firmground.testing.curious import GROUPS, PEOPLE, Curious
from firmground.types import Actor
from firmground.web.application import application
from firmground.web.served import Served

_HERE = "http://127.0.0.1:8420"
_SITE = "https://intranet.example.org"
_PASSWORD = "correct horse battery"  # noqa: S105 - of nobody
_PAGES = (
    "/",
    "/documents",
    "/me",
    "/account",
    "/keys",
    "/brief",
    "/ledger",
    "/evaluations",
    "/cases",
    "/releases",
    "/audits",
    "/people",
)


class Web:
    """One request of one person at one door, each time."""

    def __init__(self, world: Curious) -> None:
        self.world = world
        self.answers: list[tuple[str, str]] = []
        app = world.app
        app.once("passwords", lambda: Passwords(time_cost=1, memory_kib=8, lanes=1))
        accounts.create_owner(app, "olga", _PASSWORD)
        make_live(app)
        self.keys = {name: keys.add_key(app, ADMINISTRATOR, f"of {name}", person=name)[1] for name in PEOPLE}
        for name in PEOPLE:
            accounts.add_account(app, ADMINISTRATOR, name, _PASSWORD)
        self.widget = {PUBLIC, world.random.choice(GROUPS)}
        groups = sorted(self.widget)
        _, self.widget_key = keys.add_widget_key(app, ADMINISTRATOR, "site", origins=[_SITE], groups=groups)
        self.served = Served(app, patience=5.0)
        assert self.served.open_parts()  # noqa: S101 - for tests
        self.client = self._browser()
        self.browsers: dict[str, TestClient] = {}

    def close(self) -> None:
        self.served.close()

    def trial(self) -> None:
        self.world.trials += 1
        random = self.world.random
        door: Callable[[str], tuple[Actor, str, set[str]]] = random.choice(
            (self._program, self._program, self._program, self._page, self._page, self._tool, self._compatible, self._elsewhere)
        )
        actor, told, said = door(random.choice(PEOPLE))
        name = f"http{door.__name__}"
        self.world.doors[name] = self.world.doors.get(name, 0) + 1
        self.world.check(name, actor, told, said)

    def _browser(self) -> TestClient:
        return TestClient(application(self.served), base_url=_HERE, raise_server_exceptions=False, follow_redirects=False)

    def _said(self, name: str) -> set[str]:
        return self.world.said.setdefault(name, set())

    def _ids(self, name: str) -> str:
        own = [id for person, id in self.answers if person == name or self.world.random.random() < 0.3]
        return self.world.random.choice(own) if own else "0"

    def _sent(self, method: str, path: str, body: Any = None, **headers: str) -> str:
        response = self.client.request(method, path, json=body, headers=headers)
        if response.status_code >= 500 and response.status_code != 503:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return f"{response.headers} {response.text}"

    def _keep(self, name: str, told: str) -> None:
        at = told.find('"id":"')
        if at >= 0:
            self.answers.append((name, told[at + 6 : at + 42]))
            del self.answers[:-300]

    def _program(self, name: str) -> tuple[Actor, str, set[str]]:
        world, said, random = self.world, self._said(name), self.world.random
        actor, head = world.actor(name), {"Authorization": f"Bearer {self.keys[name]}"}
        kind = random.randrange(11)
        api = "/api/v1"
        if kind < 3:
            told = self._sent("POST", f"{api}/answers", {"question": world.question(said), "stream": kind == 2}, **head)
            self._keep(name, told)
        elif kind == 3:
            told = self._sent("GET", f"{api}/answers/{self._ids(name)}{random.choice(('', '/events', '/feedback'))}", **head)
        elif kind == 4:
            told = self._sent("GET", f"{api}/answers?limit=20", **head)
        elif kind == 5:
            told = self._sent("POST", f"{api}/search", {"query": world.question(said)}, **head)
        elif kind == 6:
            about = world.random.choice(world.secrets).words
            key = random.choice((about["key"], about["key"][:-1] + "q"))
            said |= {key, about["value"]}
            told = self._sent("POST", f"{api}/search", {"query": "travel", "filters": {key: about["value"]}}, **head)
        elif kind == 7:
            told = self._sent(
                "GET", f"{api}/documents?{random.choice(('', 'state=quarantined', 'language=en', 'source=docs'))}", **head
            )
        elif kind == 8:
            at = quote(world.reference(said), safe="")
            told = self._sent("GET", f"{api}/documents/{at}{random.choice(('', '/answers'))}", **head)
        elif kind == 9:
            at = quote(world.reference(said), safe="")
            told = self._sent("GET", f"{api}/permissions?person={name}&document={at}", **head)
        else:
            told = self._sent(
                "GET",
                f"{api}/{random.choice(('status', 'me', 'me/usage', 'ledger', 'evaluations', 'cases', 'sync', 'keys'))}",
                **head,
            )
        return actor, told, said

    def _page(self, name: str) -> tuple[Actor, str, set[str]]:
        world, said, random = self.world, self._said(name), self.world.random
        browser = self.browsers.get(name) or self._signed_in(name)
        kind = random.randrange(5)
        path = random.choice(_PAGES)
        if kind == 1:
            path = f"/answers/{self._ids(name)}"
        elif kind == 2:
            path = f"/documents?query={quote(world.question(said))}"
        elif kind == 3:
            path = f"/documents/{quote(world.reference(said), safe='')}{random.choice(('', '/original', '/pages/1.png'))}"
        elif kind == 4:
            path = f"/documents?state={random.choice(('indexed', 'quarantined', 'failed'))}&source=docs"
        actor = world.actor(name)
        response = browser.get(path)
        if response.status_code in {303, 401} and "/login" in response.headers.get("location", "/login"):
            response = self._signed_in(name).get(path)
        return actor, f"{response.headers} {response.text}", said

    def _signed_in(self, name: str) -> TestClient:
        browser = self.browsers[name] = self._browser()
        fields = {"token": self.served.local_form_token, "name": name, "password": _PASSWORD, "next": ""}
        browser.post("/login", data=fields)
        return browser

    def _tool(self, name: str) -> tuple[Actor, str, set[str]]:
        world, said, random = self.world, self._said(name), self.world.random
        call = random.choice(
            (
                {"name": "ask", "arguments": {"question": world.question(said)}},
                {"name": "search", "arguments": {"query": world.question(said), "limit": 20}},
                {"name": "read_document", "arguments": {"document": world.reference(said)}},
            )
        )
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        head = {"Authorization": f"Bearer {self.keys[name]}", "Accept": "application/json, text/event-stream"}
        return world.actor(name), self._sent("POST", "/mcp", body, **head), said

    def _compatible(self, name: str) -> tuple[Actor, str, set[str]]:
        world, said, random = self.world, self._said(name), self.world.random
        messages = [{"role": "user", "content": world.question(said)}]
        if random.random() < 0.3:
            messages = [
                messages[0],
                {"role": "assistant", "content": "It depends."},
                {"role": "user", "content": world.question(said)},
            ]
        body = {"model": "firmground", "messages": messages, "stream": random.random() < 0.3}
        told = self._sent("POST", "/v1/chat/completions", body, Authorization=f"Bearer {self.keys[name]}")
        return world.actor(name), told, said

    def _elsewhere(self, _: str) -> tuple[Actor, str, set[str]]:
        """A reader of the page elsewhere, whom nobody knows."""
        world, said = self.world, self._said("widget")
        head = {"Authorization": f"Bearer {self.widget_key}", "Origin": _SITE, "X-Firmground-Visitor": "0123456789abcdef" * 2}
        actor = Actor(person="widget:site", groups=frozenset(self.widget), via="http")
        if world.random.random() < 0.7:
            told = self._sent("POST", "/api/v1/answers", {"question": world.question(said)}, **head)
        else:
            told = self._sent("GET", f"/api/v1/documents/{quote(world.reference(said), safe='')}", **head)
        return actor, told, said
