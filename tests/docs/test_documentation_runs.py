"""The pages do what they say: each command runs, and prints what is shown."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from documentation import DOCS, PAGES, Block, Reader, blocks
from few_attacks import only_some

import firmground
from firmground import wire
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.settings import Settings, load_workspace
from firmground.sources.labels import read_sidecar
from firmground.sources.matter import Matter
from firmground.types import Job

TUTORIALS = sorted((DOCS / "tutorial").glob("*.md"))
HOW_TOS = sorted((DOCS / "how-to").glob("*.md"))
SAMPLE = Path(firmground.__file__).parent / "sample" / "documents"
SHARE = (
    "facilities/visitor-access.md",
    "facilities/water-valve-scan.pdf",
    "legal/board-minutes-2025-09.pdf",
    "people/investigation-guide.md",
    "people/salary-bands.xlsx",
    "people/salary-bands.xlsx.meta.yaml",
    "policies/archive/leave-2021.md",
    "policies/leave.md",
    "policies/social-media.md",
    "security/visitor-access.md",
    "support/calibration-report-2026.pdf",
    "support/community-forum-digest.md",
)
"""Of the sample, what the pages speak of: all that waits or fails is among it, so that the numbers of these are those a reader gets."""


@pytest.fixture(scope="module")
def quick(default_model: Path) -> Iterator[None]:
    """The default model is opened once for all pages: they run in one process. Their audits put some attacks, not all."""
    shared, opened = OnnxEmbedder(default_model), wire.open_embedder
    with pytest.MonkeyPatch.context() as patched:
        only_some(patched)
        patched.setattr(
            wire,
            "open_embedder",
            lambda root, settings: shared if settings.index.embedder == wire.DEFAULT_MODEL else opened(root, settings),
        )
        yield


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, quick: None) -> Path:
    """A synced workspace with a share of the sample."""
    place = tmp_path_factory.mktemp("sample")
    for name in SHARE:
        (place / "documents" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLE / name, place / "documents" / name)
    reader = Reader(place)
    for command in (
        "firmground init .",
        "firmground init whole --sample",
        "mv whole/firmground.toml .",
        "rm -r whole",
        "firmground sync",
    ):
        code, printed = reader.type(command)
        assert code == 0, printed
    return place


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_works_word_by_word_from_an_empty_folder(page: Path, tmp_path: Path, quick: None):
    (tmp_path / "firmground").mkdir()
    reader = Reader(tmp_path / "firmground")
    reader.follow(page)
    assert list(tmp_path.rglob("firmground.toml"))


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.stem)
def test_a_how_to_works_word_by_word_in_the_sample_workspace(page: Path, tmp_path: Path, sample: Path):
    shutil.copytree(sample, tmp_path / "sample")
    reader = Reader(tmp_path / "sample")
    reader.type("firmground sync")  # copied files have new stamps, those of a person have not
    reader.follow(page)
    assert load_workspace(tmp_path / "sample", {}).settings.sources


def all_blocks(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, language)]


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_each_piece_of_settings_shown_is_accepted(block: Block):
    shown = tomllib.loads(block.text)
    assert Settings.model_validate(shown).model_dump(exclude_unset=True).keys() == shown.keys()


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_each_piece_of_json_shown_is_json(block: Block):
    assert json.loads(block.text)


@pytest.mark.parametrize("block", [each for each in all_blocks("yaml") if not each.file.endswith(".yml")], ids=str)
def test_each_sidecar_front_matter_or_golden_case_shown_can_be_read(block: Block):
    text = block.text
    if text.startswith("---\n"):
        matter = Matter(text)
        assert matter.groups
        assert matter.warnings == []
    elif text.startswith("- "):
        [case] = yaml.safe_load(text)
        assert case.keys() == yaml.safe_load((SAMPLE.parent / "golden" / "handbook.yaml").read_text())[0].keys()
    else:
        assert read_sidecar(text.encode()).groups


def test_the_shapes_shown_are_those_that_are_printed(sample: Path):
    page = DOCS / "reference" / "json.md"
    answer, hits, report, document, job = (json.loads(block.text) for block in blocks(page, "json"))
    reader = Reader(sample)
    printed = [
        (answer, json.loads(reader.type('firmground ask "How many vacation days can I carry over?" --json')[1])),
        (hits, json.loads(reader.type("firmground search valve --json")[1])),
        (report, json.loads(reader.type("firmground sync --json")[1])),
        (document, json.loads(reader.type("firmground documents list --json")[1])[0]),
        (job, Job(id="", kind="", state="done", created_at="2026-11-21T01:18:42Z").model_dump()),
    ]
    for shown, real in printed:
        assert unlike(shown, real) == []


OPEN = {"timings_ms", "counts", "languages", "metadata", "lineage"}
"""Their keys are data."""


def unlike(shown: object, real: object, place: str = "") -> list[str]:
    """Where the keys differ; of lists the first items are compared."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if place.rpartition(".")[2] in OPEN:
            return []
        optional = {"start", "end"} if ".findings" in place else set()
        different = [f"{place}.{key}" for key in (shown.keys() ^ real.keys()) - optional]
        return different + [
            each for key in shown.keys() & real.keys() for each in unlike(shown[key], real[key], f"{place}.{key}")
        ]
    if isinstance(shown, list) and isinstance(real, list):
        return unlike(shown[0], real[0], place) if shown and real else []
    return []


def test_every_page_can_be_reached_from_the_table_of_contents():
    contents = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "README.md", DOCS / "how-to" / "README.md"))
    pages = [page for page in PAGES if page.name != "README.md"]
    assert [page.name for page in pages if f"/{page.name})" not in contents and f"({page.name})" not in contents] == []
