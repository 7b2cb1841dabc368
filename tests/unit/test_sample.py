"""The sample workspace holds what its README promises, and its golden cases can be answered from it."""

import hashlib
import html
import importlib.util
import json
import re
import statistics
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "src" / "firmground" / "sample"
DOCUMENTS = SAMPLE / "documents"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    """`tools/build_sample.py` as a module."""
    spec = importlib.util.spec_from_file_location("build_sample", ROOT / "tools" / "build_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_sample"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    files = sorted((SAMPLE / "golden").glob("*.yaml"))
    return [case for path in files for case in yaml.safe_load(path.read_text(encoding="utf-8"))]


def files() -> list[Path]:
    return sorted(path for path in DOCUMENTS.rglob("*") if path.is_file() and not path.name.endswith(".meta.yaml"))


def front_matter(path: Path) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", path.read_text(encoding="utf-8"), re.DOTALL)
    return yaml.safe_load(found.group(1)) if found else {}


def words(path: Path) -> list[str]:
    return re.findall(r"\w+", path.read_text(encoding="utf-8"))


def readable(name: str, builder: ModuleType) -> str:
    """The text of a document, of a built one that of its source; white space and markup evened out."""
    path = builder.SOURCES / builder.BUILT[name][0] if name in builder.BUILT else DOCUMENTS / name
    content = path.read_bytes()
    text = content.decode("cp1252" if name == "de/kalibrierung.txt" else "utf-8")
    text = html.unescape(text) if path.suffix == ".html" else text.replace("=\n", "") if path.suffix == ".eml" else text
    return " ".join(text.split())


def test_there_are_enough_documents_of_every_kind():
    kinds = Counter(path.suffix for path in files())
    at_least = {".md": 40, ".html": 6, ".pdf": 8, ".docx": 3, ".pptx": 2, ".xlsx": 3, ".csv": 2, ".txt": 4, ".eml": 2, ".png": 1}
    assert {kind: kinds[kind] for kind, least in at_least.items() if kinds[kind] < least} == {}
    folders = {path.relative_to(DOCUMENTS).parts[0] for path in files()}
    assert folders >= {
        "people",
        "policies",
        "finance",
        "it",
        "security",
        "products",
        "support",
        "facilities",
        "legal",
        "news",
        "de",
    }


def test_four_languages_are_there():
    found = Counter(path.relative_to(DOCUMENTS).parts[0] for path in files())
    assert found["de"] >= 5
    assert found["fr"] >= 1
    assert found["es"] >= 1


def test_documents_are_long_enough_to_be_real():
    lengths = [len(words(path)) for path in files() if path.suffix == ".md"]
    assert 350 <= statistics.median(lengths) <= 600
    assert max(lengths) >= 1500


def test_the_sample_stays_small():
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 2_000_000


def test_two_pages_are_exact_duplicates_and_two_nearly_so():
    same = Counter(hashlib.sha256(path.read_bytes()).digest() for path in files())
    assert sorted(count for count in same.values() if count > 1) == [2, 2]
    for one, other in (
        ("people/cycle-scheme.md", "facilities/bike-to-work.md"),
        ("support/warranty.md", "products/warranty-summary.md"),
    ):
        left, right = set(words(DOCUMENTS / one)), set(words(DOCUMENTS / other))
        assert left != right
        assert len(left & right) / len(left | right) > 0.9


@pytest.mark.parametrize(
    ("old", "new", "old_says", "new_says"),
    [
        ("policies/archive/leave-2021.md", "policies/leave.md", "up to 10 days", "up to 5 days"),
        ("security/archive/passwords-2019.md", "security/passwords.md", "every 90 days", "do not expire"),
        ("products/gannet-c3-2019.md", "products/gannet-c4.md", "2 per turn", "10 per turn"),
    ],
)
def test_an_old_version_contradicts_the_new_one_of_the_same_title(old: str, new: str, old_says: str, new_says: str):
    before, after = front_matter(DOCUMENTS / old), front_matter(DOCUMENTS / new)
    assert before["title"] == after["title"]
    assert before["updated"] < after["updated"]
    assert old_says in (DOCUMENTS / old).read_text(encoding="utf-8")
    assert new_says in (DOCUMENTS / new).read_text(encoding="utf-8")


def test_some_pages_are_stale_and_some_half_empty():
    pages = [path for path in files() if path.suffix == ".md"]
    assert len([path for path in pages if str(front_matter(path).get("updated", "")).startswith("2019")]) >= 3
    assert len([path for path in pages if len(words(path)) < 40]) >= 2


def test_what_is_hostile_or_broken_is_so():
    assert "FrÃ¼hling" in (DOCUMENTS / "news/2023-fruehlingsfest.txt").read_text(encoding="utf-8")
    with pytest.raises(UnicodeDecodeError):
        (DOCUMENTS / "de/kalibrierung.txt").read_text(encoding="utf-8")
    assert "Ignore all previous instructions" in (DOCUMENTS / "support/community-forum-digest.md").read_text(encoding="utf-8")
    assert b"/Encrypt" in (DOCUMENTS / "legal/board-minutes-2025-09.pdf").read_bytes()
    assert b"%%EOF" not in (DOCUMENTS / "support/calibration-report-2026.pdf").read_bytes()
    scan = (DOCUMENTS / "facilities/water-valve-scan.pdf").read_bytes()
    assert b"/Subtype /Image" in scan
    assert b" Tj" not in scan, "a page with a text operator has a text layer"


def test_two_documents_are_for_the_people_team_only():
    assert front_matter(DOCUMENTS / "people/investigation-guide.md")["groups"] == ["hr"]
    sidecar = yaml.safe_load((DOCUMENTS / "people/salary-bands.xlsx.meta.yaml").read_text(encoding="utf-8"))
    assert sidecar["groups"] == ["hr"]


def test_addresses_and_numbers_are_fictional(builder: ModuleType):
    text = "\n".join(readable(path.relative_to(DOCUMENTS).as_posix(), builder) for path in files())
    hosts = set(re.findall(r"(?:@|https?://)([\w.-]+\w)", text)) - {"tarnhaven", "192.168.8.1"}
    assert {host for host in hosts if not re.search(r"(^|\.)example\.(com|org)$", host)} == set()
    numbers = re.findall(r"\+[\d ]{8,}\d", text)
    reserved = re.compile(r"\+44 131 496 0\d{3}|\+49 40 66969 \d{3}")
    assert numbers
    assert {number for number in numbers if not reserved.fullmatch(number)} == set()


def test_built_files_are_current(builder: ModuleType):
    assert json.loads(builder.DIGESTS.read_text(encoding="utf-8")) == builder.digests(DOCUMENTS), "run tools/build_sample.py"


def test_building_twice_gives_the_same_bytes(builder: ModuleType, tmp_path: Path):
    builder.build(tmp_path / "one")
    builder.build(tmp_path / "two")
    assert builder.digests(tmp_path / "one") == builder.digests(tmp_path / "two")


def test_the_readme_names_only_files_that_exist():
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:[a-z]+/)+[\w-]+\.\w+)`", text)
    assert len(named) > 20
    roots = (DOCUMENTS, SAMPLE, ROOT)
    assert [name for name in named if not any((root / name).is_file() for root in roots)] == []


def test_golden_cases_cover_every_kind_language_and_permission(cases: list[dict[str, Any]]):
    assert len(cases) >= 200
    assert len({case["id"] for case in cases}) == len(cases)
    kinds = Counter(case["kind"] for case in cases)
    assert set(kinds) == {"normal", "messy", "missing_context", "sensitive", "out_of_scope"}
    assert min(kinds.values()) >= 6
    languages = Counter(case["id"].split("-")[0] for case in cases)
    assert languages["de"] >= 12
    assert languages["fr"] >= 4
    assert languages["es"] >= 4
    assert {tuple(case["as"]) for case in cases} == {("everyone",), ("everyone", "hr")}


def test_golden_cases_have_exactly_the_agreed_fields(cases: list[dict[str, Any]]):
    fields = {"id", "kind", "question", "as", "expect", "unacceptable", "status", "owner", "notes"}
    behaviours = {"answer", "clarify", "abstain", "refuse", "escalate"}
    for case in cases:
        assert set(case) == fields, case["id"]
        assert set(case["expect"]) <= {"behaviour", "contains", "sources"}, case["id"]
        assert case["expect"]["behaviour"] in behaviours, case["id"]
        assert ("sources" in case["expect"]) == (case["expect"]["behaviour"] == "answer"), case["id"]


def test_what_a_golden_case_expects_stands_in_its_sources(cases: list[dict[str, Any]], builder: ModuleType):
    wrong: list[str] = []
    for case in cases:
        names = [name for entry in case["expect"].get("sources", []) for name in ([entry] if isinstance(entry, str) else entry)]
        texts = [readable(name, builder) for name in names]
        for entry in case["expect"].get("contains", []):
            wanted = [entry] if isinstance(entry, str) else entry
            patterns = [text[1:-1] if text.startswith("/") else re.escape(text) for text in wanted]
            if not all(any(re.search(pattern, text) for pattern in patterns) for text in texts):
                wrong.append(f"{case['id']}: {entry}")
    assert wrong == []


def test_golden_cases_ask_in_every_format(cases: list[dict[str, Any]]):
    names = [
        name
        for case in cases
        for entry in case["expect"].get("sources", [])
        for name in ([entry] if isinstance(entry, str) else entry)
    ]
    assert {Path(name).suffix for name in names} >= {
        ".md",
        ".html",
        ".pdf",
        ".docx",
        ".pptx",
        ".xlsx",
        ".csv",
        ".txt",
        ".eml",
        ".png",
    }
    assert "facilities/water-valve-scan.pdf" in names
