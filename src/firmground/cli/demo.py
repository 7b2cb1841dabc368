"""`demo`: the whole way, as far as it is built, on the sample company's documents."""

from pathlib import Path
from time import perf_counter

from firmground.cli.ask import show_answer
from firmground.cli.options import actor
from firmground.cli.sync import show_report
from firmground.cli.terminal import progress, remark, say

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
    from firmground.app.answers import ask
    from firmground.app.setup import init
    from firmground.app.sync import sync
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
    say()
    say(f"took {perf_counter() - started:.1f} s. Go on with:")
    for command in (f"ask '{NEXT}'", "release calibrate", "documents quality", "documents list --state quarantined", "serve"):
        say(f"    .venv/bin/firmground {command} --workspace {directory}")
    remark("This is a demonstration: nothing here was released, and the confidence is not calibrated on these documents.")
