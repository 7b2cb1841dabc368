"""`demo`: the whole way, as far as it is built, on the sample company's documents."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from firmground.cli.ask import show_answer
from firmground.cli.options import actor
from firmground.cli.sync import show_report
from firmground.cli.terminal import progress, remark, say, table

if TYPE_CHECKING:
    from firmground.app.app import App
    from firmground.types import Actor

_LONGEST = 90

QUESTIONS = (
    "How many vacation days can I carry over?",
    "Who is second level in customer support?",
    "Who won the football world cup in 1974?",
)
"""One that the handbook answers in two versions, one that a spreadsheet answers, and one that nothing answers."""
NEXT = "Until when can a customer cancel an order?"
"""Answered by a page of a PDF."""


def run(directory: Path) -> None:
    """Make the sample workspace in `directory` unless it is there, sync it, ask, and show what came of it."""
    from firmground.app.asking.answers import ask
    from firmground.app.corpus.sync import sync
    from firmground.app.setup import init
    from firmground.settings import FILE_NAME
    from firmground.wire import open_workspace

    started = perf_counter()
    if not (directory / FILE_NAME).exists():
        init(directory, sample=True)
        say(f"made {directory}: the handbook of a company that does not exist, with everything that goes wrong in real ones")
    with open_workspace(directory) as app:
        asker = actor(app, None)
        with progress("syncing") as watch:
            show_report(sync(app, asker, watch=watch))
        for question in QUESTIONS:
            say()
            say(f"> {question}")
            show_answer(ask(app, asker, question))
        _launch(app, asker)
    say()
    say(f"took {perf_counter() - started:.1f} s. Go on with:")
    for command in (f"ask '{NEXT}'", "audit", "release calibrate", "documents quality", "serve"):
        say(f"    .venv/bin/firmground {command} --workspace {directory}")
    remark("This is a demonstration: what is live here has not passed the gate, and its confidence is not calibrated.")


def _launch(app: "App", asker: "Actor") -> None:
    """What happens to whoever wants to go live with what was made in an evening: the gate says no, and why."""
    from firmground.app.launching import audits, deciders, live, releases
    from firmground.app.launching.audit_report import headline
    from firmground.web.exercises import EXERCISES

    release, _ = releases.create(app, asker, note="as it comes")
    ref = str(release.number)
    with app.database.reading() as tx:
        now = live.live_now(app, tx)
    say()
    if now is not None and now.release == release.spec.digest:
        say(f"release {ref} is live already, as a demonstration")
        return
    say(f"> firmground audit {ref} --evaluate")
    with progress("auditing") as watch:
        audit = audits.run(app, asker, release=ref, evaluate=True, exercising=EXERCISES, watch=watch)
    table(
        ("requirement", "", ""), [(each.requirement, each.verdict.replace("_", " "), _short(each.said)) for each in audit.rulings]
    )
    say(headline(audit))
    say()
    say(f"> firmground release promote {ref}")
    try:
        live.promote(app, asker, ref, watch=watch)
    except deciders.NotProven as refused:
        say(f"refused: the gate has {len(refused.findings)} things against it")
    say()
    say(f"> firmground release promote {ref} --override, marked as a demonstration")
    made = live.promote(app, asker, ref, reason="shows what an override is", override=True, demonstration=True, watch=watch)
    if made.override is not None:
        say(f"live until {made.override.expires_at:%Y-%m-%d %H:%M} UTC; every page and every answer says that it has not passed")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2].rsplit(" ", 1)[0] + " …"
