"""What the doctor says of how the server is reached."""

from pathlib import Path

import pytest

from firmground.app import accounts
from firmground.app.doctor import doctor
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, Bench


@pytest.mark.parametrize(
    ("serve", "state"), [({}, "warning"), ({"url": "https://ask.example.org"}, "ok"), ({"hosts": ["ask.example.org"]}, "ok")]
)
def test_a_server_with_accounts_should_know_its_names(tmp_path: Path, serve: dict[str, object], state: str):
    with Bench(tmp_path, settings=Settings.model_validate({"serve": serve})).app() as app:
        assert "hosts" not in {check.name for check in doctor(app, ADMINISTRATOR, [])}, "until then it knows them"
        accounts.create_owner(app, "ada", "correct horse battery")
        [check] = [check for check in doctor(app, ADMINISTRATOR, []) if check.name == "hosts"]
        assert check.state == state
        assert bool(check.remedy) == (state == "warning")
