"""Going live as an administrator does it, with scripts and without: audit, decision, override, going back, policy."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from listening import Listening, listening, until
from playwright.sync_api import expect
from test_accessible import faults

from firmground.app.launching import audits, live, policies, releases
from firmground.app.work import handlers

STRICT = "[requirements.unreadable_cases]\n[requirements.brief]\n"
LENIENT = "[requirements.unreadable_cases]\n"


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    """There is a release 1, and a policy that it does not pass."""
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text("- {id: leave, question: how many vacation days may I carry over?}\n")
    (tmp_path / "policy.toml").write_text(STRICT)
    with listening(tmp_path, said=False) as on:
        policies.adopt(on.app, on.served.local_actor, reason="a test of something else")
        releases.create(on.app, on.served.local_actor, note="The first.")
        yield on


@contextmanager
def working(on: Listening) -> Generator[None]:
    """Somebody does the jobs, and looks for nothing but what is known."""
    over = Event()
    work = {**handlers(on.app), **audits.handlers(on.app, {})}
    worker = Thread(target=lambda: on.app.jobs.work(work, until=over.is_set))
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_audit_is_made_refuses_and_is_overruled_by_name(site: Listening, opened: Any, scripts: bool) -> None:
    page = opened(site, "/audits?release=1", java_script_enabled=scripts)
    page.get_by_role("button", name="Audit release 1 now").click()
    until(site.app.jobs.unfinished)
    with working(site):
        until(lambda: not site.app.jobs.unfinished())
    if not scripts:
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="May not go live: 1 of 2 not met")).to_be_visible()
    expect(page.locator("details.ruling[open]")).to_contain_text("write brief.toml")
    expect(page.get_by_role("button", name="Make release 1 live", exact=True)).to_be_disabled()
    page.get_by_text("Make it live by override").click()
    page.get_by_role("textbox", name="Why").fill("To show what it is.")
    page.get_by_role("button", name="I answer for it").click()
    expect(page).to_have_url(re.compile("/releases#live$"))
    expect(page.get_by_role("note")).to_contain_text("allowed it until")
    page.goto("/")
    expect(page.get_by_role("note")).to_contain_text("What answers here did not pass")
    page.get_by_role("link", name="See why").click()
    expect(page.locator("main")).to_contain_text("To show what it is.")


def test_what_passed_goes_live_and_back_after_a_second_look(site: Listening, opened: Any) -> None:
    here = site.served.local_actor
    (site.app.workspace.root / "policy.toml").write_text(LENIENT)
    policies.adopt(site.app, here, reason="We have no brief yet.")
    first = releases.show(site.app, here, "1")
    answering = first.spec.answering.model_copy(update={"refusal": "No."})
    other = first.model_copy(update={"number": 2, "spec": first.spec.model_copy(update={"answering": answering})})
    with site.app.database.transaction() as tx:
        tx.put_fact("release", "2", other.model_dump(mode="json"))
        tx.put_fact(releases.RECIPES, other.spec.digest, other.spec.model_dump(mode="json"))
    for number in ("1", "2"):
        audits.run(site.app, here, release=number, exercising={})
    live.promote(site.app, here, "1")
    page = opened(site, "/audits?release=2")
    expect(page.locator("main")).to_contain_text("We have no brief yet.")
    page.get_by_label("Why (optional)").fill("It says no.")
    page.get_by_role("button", name="Make release 2 live").click()
    page.get_by_role("link", name="Roll back to release 1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back to release 1?")
    assert live.history(site.app, here)[0].subject == "2"
    page.get_by_role("button", name="Roll back to release 1").click()
    expect(page.locator("#live-now")).to_contain_text("Release 1")
    expect(page.locator("ol.moves li").first).to_contain_text("rolled back to")


def test_a_command_is_copied(site: Listening, opened: Any) -> None:
    audits.run(site.app, site.served.local_actor, release="1", exercising={})
    page = opened(site, "/audits?release=1", permissions=["clipboard-read", "clipboard-write"])
    page.locator("details.ruling").filter(has_text="every golden case is read").locator("summary").click()
    page.get_by_role("button", name=re.compile("Copy firmground cases check")).click()
    expect(page.locator("body > [data-announcer]")).to_contain_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "firmground cases check"


@pytest.mark.parametrize(("width", "locale"), [(1180, "en"), (320, "de")], ids=["desk", "phone"])
def test_a_looser_policy_is_read_line_by_line_and_answered_for(site: Listening, opened: Any, width: int, locale: str) -> None:
    (site.app.workspace.root / "policy.toml").write_text(LENIENT)
    page = opened(site, "/audits/policy", viewport={"width": width, "height": 800}, locale=locale, reduced_motion="reduce")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"
    expect(page.locator("del")).to_contain_text("[requirements.brief]")
    page.locator("textarea").fill("We have none yet.")
    page.locator("main form button").click()
    expect(page.locator("main")).to_contain_text("We have none yet.")
    assert policies.look(site.app, site.served.local_actor).looser == ()
