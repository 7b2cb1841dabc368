"""The page of messages as people use it: what a restore holds back is dropped after a second thought, on any screen."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from listening import Listening, listening
from playwright.sync_api import expect
from test_accessible import SCREENS, faults

from firmground.outbox import Notification


@pytest.fixture
def site(tmp_path: Path) -> Generator[Listening]:
    """Three messages are held, of a route that the settings do not name any more."""
    with listening(tmp_path, said=False) as site:
        now = site.app.clock()
        with site.app.database.transaction() as tx:
            for n in range(3):
                told = {"event": "pin.stale", "channel": "webhook", "route": "chat", "state": "held"}
                tx.add_notification(
                    Notification.model_validate({"id": str(n), "first_at": now, "next_at": now, "created_at": now} | told)
                )
        yield site


@pytest.mark.parametrize("screen", SCREENS)
def test_what_is_held_after_a_restore_is_told_and_dropped_by_two_presses(site: Listening, opened: Any, screen: str) -> None:
    page = opened(site, "/notifications", reduced_motion="reduce", **SCREENS[screen])
    expect(page.locator("#held")).to_contain_text("3 ")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"
    page.locator("#held button.danger").press("Enter")
    assert faults(page) == []
    page.locator("button.sure").press("Enter")
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("#held")).to_have_count(0)
    with site.app.database.reading() as tx:
        assert tx.notifications(limit=10) == []
