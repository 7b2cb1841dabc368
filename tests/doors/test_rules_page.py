"""What changed rules would do: on the page, for programs, and on the command line."""

import json
from pathlib import Path

from inside import sign_in, with_account, with_owner
from reviewed import held
from serving import serving

from firmground.app.reviewing import preview


def test_the_page_shows_what_changed_rules_would_do(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        item = held(served.app)
        shown = client.get("/reviews/rules?limit=100").text
        assert "What changed rules would do" in shown
        assert "every answer is sent as it is" in shown
        assert 'aria-current="page">Rules' in shown
        german = client.get("/reviews/rules?lang=de").text
        assert "Was geänderte Regeln bewirken würden" in german
        assert "Was live ist" in german
        assert item.answer


def test_programs_get_the_same_figures_and_say_whose_rules(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        held(served.app)
        found = client.get("/api/v1/reviews/preview", params={"limit": 5}).json()
        assert (found["rules"], found["against"], found["answers"], found["changed"]) == ("candidate", "live", 1, 0)
        assert set(found["before"]) == {"send", "warn", "hold", "hold_for_two", "escalate", "block"}
        assert client.get("/api/v1/reviews/preview", params={"rules": "99"}).status_code == 404
        for limit in (0, preview.MOST + 1):
            assert client.get("/api/v1/reviews/preview", params={"limit": limit}).status_code == 422
        assert json.dumps(found)


def test_rules_are_for_who_may_release(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served, "root")
        with_account(served, "rita", role="reviewer")
        sign_in(client, served, "rita")
        for path in ("/reviews/rules", "/api/v1/reviews/preview"):
            assert client.get(path).status_code == 403
        assert "/reviews/rules" not in client.get("/reviews").text
