"""Golden cases about personal data: judged by what their groups may read, and kept with placeholders."""

from pathlib import Path

import pytest
import yaml

from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.evaluating import evaluation
from firmground.evaluate.report import Result
from firmground.settings import AnswerSection, Settings
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench

ADDRESS = "greta.holm@lighthouse.test"
TOWER = f"# Tower\n\nThe keeper of the northern tower is reached at {ADDRESS}.\n\nThe southern tower is locked at dusk.\n"
CASE = {
    "kind": "normal",
    "question": "Where is the keeper of the northern tower reached?",
    "expect": {"behaviour": "answer", "contains": [ADDRESS], "sources": ["tower.md"]},
    "owner": "harbour",
    "status": "active",
}
HIS = {"id": "by-address", **CASE, "question": f"Who is reached at {ADDRESS}?", "as": ["keepers"], "unacceptable": [ADDRESS]}


@pytest.fixture
def came(tmp_path: Path) -> tuple[App, dict[str, Result]]:
    source = SourceSection(name="docs", path=".", groups=("everyone",), personal_data="mask", personal_data_for=("keepers",))
    bench = Bench(tmp_path, settings=Settings(sources=(source,), answer=AnswerSection(threshold=0.001)))
    bench.source.contents["tower.md"] = TOWER.encode()
    bench.source.groups = ("everyone", "keepers")
    (tmp_path / "golden").mkdir()
    cases = [{"id": "keeper", **CASE, "as": ["keepers"]}, {"id": "anybody", **CASE, "as": ["everyone"]}, HIS]
    (tmp_path / "golden" / "all.yaml").write_text(yaml.safe_dump(cases))
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        report = evaluation.run(app, ADMINISTRATOR)
        return app, {case.id: results[0] for case, results in evaluation.results_of(app, ADMINISTRATOR, report)}


def test_a_case_is_judged_by_what_its_groups_may_read_and_kept_without_values(came: tuple[App, dict[str, Result]]):
    _, results = came
    keeper, anybody, his = (results[name].verdict for name in ("keeper", "anybody", "by-address"))
    assert keeper is not None
    assert anybody is not None
    assert his is not None
    assert keeper.missing == ()
    assert len(anybody.missing) == len(his.unacceptable) == 1
    assert anybody.missing[0].startswith("EMAIL_")
    assert his.unacceptable == anybody.missing
    assert ADDRESS not in "".join(each.model_dump_json() for each in results.values())
