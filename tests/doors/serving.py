"""The web door on a bench, without a socket."""

from collections.abc import Generator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

from starlette.testclient import TestClient

from firmground.app.corpus.sync import sync
from firmground.ports import LanguageModel
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.web.application import application
from firmground.web.served import Served

LEAVE = "# Leave\n\nEvery employee may carry over five vacation days into the next year.\n\nAsk your manager before you book a trip.\n"
TRAVEL = "# Travel\n\nTrain tickets in second class are refunded without asking anybody before.\n"
HERE = "http://127.0.0.1:8420"
JSON = {"Content-Type": "application/json"}


@contextmanager
def serving(
    place: Path,
    documents: dict[str, str] | None = None,
    *,
    threshold: float = 0.001,
    model: LanguageModel | None = None,
    **answer: object,
) -> Generator[tuple[TestClient, Served]]:
    """With a threshold so low that whatever fits at all is an answer: how sure to be is decided elsewhere."""
    answer |= {"threshold": threshold, **({"model": model.name} if model else {})}
    bench = Bench(place, settings=Settings.model_validate({"answer": answer}), models={model.name: model} if model else {})
    given = {"leave.md": LEAVE, "travel.md": TRAVEL} if documents is None else documents
    bench.source.contents.update({name: text.encode() for name, text in given.items()})
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        served = Served(app, patience=0.2)
        assert served.open_parts()
        yield TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False), served
        served.close()


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of each `mark`; not what stands in a `template`, which nobody sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.marks: list[str] = []
        self._marking = False
        self._within = 0
        self.feed(page)

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within += tag == "template"
        if self._within:
            return
        self.found.append((tag, dict(attrs)))
        if tag == "mark":
            self._marking = True
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag == "template"
        self._marking = self._marking and tag != "mark"

    def handle_data(self, data: str) -> None:
        if self._marking:
            self.marks[-1] += data
