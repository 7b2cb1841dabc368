"""What a person who is no administrator may not do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmground.app.access import people
from firmground.app.app import App
from firmground.app.corpus import documents
from firmground.app.corpus.sync import dry_run, request, sync
from firmground.app.doctor import doctor
from firmground.app.status import status
from firmground.errors import Refused
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench


@pytest.mark.parametrize(
    "act",
    [
        lambda app: documents.release(app, COLLEAGUE, "docs/a.md"),
        lambda app: documents.purge(app, COLLEAGUE, "docs/a.md"),
        lambda app: documents.quality(app, COLLEAGUE),
        lambda app: sync(app, COLLEAGUE),
        lambda app: dry_run(app, COLLEAGUE),
        lambda app: status(app, COLLEAGUE),
        lambda app: doctor(app, COLLEAGUE, []),
        lambda app: request(app, COLLEAGUE),
        lambda app: people.people(app, COLLEAGUE),
        lambda app: people.add_person(app, COLLEAGUE, "eve", role="admin"),
        lambda app: people.groups(app, COLLEAGUE),
        lambda app: people.remove_person(app, COLLEAGUE, "colleague"),
        lambda app: people.remove_members(app, COLLEAGUE, "hr", ["colleague"]),
        lambda app: people.add_group(app, COLLEAGUE, "board", members=["colleague"]),
    ],
)
def test_only_administrators_decide_and_nothing_changes_when_others_try(tmp_path: Path, act: Callable[[App], object]):
    bench = Bench(tmp_path)
    bench.source.contents["a.md"] = b"# A\n\nThe lift is out of order until Friday.\n"
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        before = documents.listed(app, ADMINISTRATOR), people.people(app, ADMINISTRATOR)
        with pytest.raises(Refused, match=r"colleague may not .*: ask an administrator"):
            act(app)
        assert (documents.listed(app, ADMINISTRATOR), people.people(app, ADMINISTRATOR)) == before
        assert app.jobs.unfinished() == []
