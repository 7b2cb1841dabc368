"""Evaluations, cases and releases as an administrator handles them, with scripts and without."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from listening import Listening, listening, until
from playwright.sync_api import expect

from firmground.app.work import handlers

CASES = """\
- id: leave   # the first
  question: how many vacation days may I carry over?
  expect: {contains: ["five"], sources: ["leave.md"]}
  unacceptable: ["ten"]

# Not answered by any document.
- id: plane
  question: Which class may I fly in?
  expect: {contains: ["economy"]}
"""


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(CASES)
    with listening(tmp_path, said=False) as on:
        yield on


@contextmanager
def working(on: Listening) -> Generator[None]:
    """Somebody does the jobs."""
    over = Event()
    worker = Thread(target=lambda: on.app.jobs.work(handlers(on.app), until=over.is_set))
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_evaluation_is_started_followed_and_read(site: Listening, opened: Any, scripts: bool) -> None:
    page = opened(site, "/", java_script_enabled=scripts)
    page.get_by_role("link", name="Quality").click()
    page.get_by_role("button", name="Evaluate").click()
    expect(page.locator(".notice").first).to_contain_text("Evaluation: queued")
    expect(page.get_by_role("link", name="See what came of it")).to_be_hidden()
    with working(site):
        until(lambda: not site.app.jobs.unfinished())
    if not scripts:
        page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name="See what came of it").click()
    expect(page.locator(".notice strong")).to_contain_text("a search without AI")
    expect(page.locator("figure.rates").first).to_contain_text("Answered wrongly")
    page.locator("li.case").filter(has_text="plane").get_by_role("link", name=re.compile("Open the answer")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Which class may I fly in?")


def test_one_that_is_not_wanted_is_stopped(site: Listening, opened: Any) -> None:
    page = opened(site, "/evaluations")
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_role("button", name="Stop it").click()
    until(lambda: not site.app.jobs.unfinished())
    with working(site):
        expect(page.locator(".notice").first).to_contain_text("Evaluation: cancelled")


def test_an_answer_is_made_a_case_and_the_case_is_changed(site: Listening, opened: Any) -> None:
    page = opened(site, f"/answers/{site.ask('Are train tickets refunded?').json()['id']}")
    page.get_by_role("link", name="Make it a golden case").click()
    page.get_by_label("It must say").fill("refunded")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main dl.pairs")).to_contain_text("It must sayrefunded")
    page.goto("/cases/leave")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Owner").fill("hr")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main dl.pairs")).to_contain_text("hr")
    page.locator("details summary").filter(has_text="changed").click()
    expect(page.locator("ins")).to_contain_text("owner: hr")
    written = (site.app.workspace.root / "golden" / "all.yaml").read_text()
    assert written.endswith(CASES[CASES.index("# Not answered") :])


def test_a_release_is_made_and_found_again(site: Listening, opened: Any) -> None:
    page = opened(site, "/releases")
    page.get_by_label(re.compile("What changed, and why")).fill("As measured.\nTwice.")
    page.get_by_role("button", name="Create a release").click()
    expect(page).to_have_url(re.compile("/releases/1$"))
    expect(page.locator("main")).to_contain_text("As measured.")
    page.get_by_role("navigation", name="Quality").get_by_role("link", name="Releases").click()
    expect(page.locator("main")).to_contain_text("is release 1")
