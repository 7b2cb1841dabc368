"""Golden cases come from files, whole or with a clear word on what is wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.errors import InvalidInput
from firmground.evaluate.cases import BEHAVIOURS, KINDS, Case, read_case
from firmground.evaluate.files import Placed, Unreadable, load, read_file, written

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and not text.startswith("/")
)
LISTS = st.lists(WORDS, max_size=3)
CASES = st.builds(
    lambda name, kind, question, groups, behaviour, contains, sources, unacceptable, status, owner, notes: Case.model_validate(
        {
            "id": name,
            "kind": kind,
            "question": question,
            "as": groups,
            "expect": {"behaviour": behaviour, "contains": contains, "sources": sources},
            "unacceptable": unacceptable,
            "status": status,
            "owner": owner,
            "notes": notes,
        }
    ),
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\Z"),
    st.sampled_from(KINDS),
    WORDS,
    LISTS,
    st.sampled_from(BEHAVIOURS),
    st.lists(WORDS | st.lists(WORDS, min_size=1, max_size=3), max_size=3),
    LISTS,
    LISTS,
    st.sampled_from(["draft", "active", "retired"]),
    WORDS | st.just(""),
    WORDS | st.just(""),
)


def read(tmp_path: Path, name: str, text: str | bytes) -> list[Placed | Unreadable]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_file(path))


def only(tmp_path: Path, name: str, text: str | bytes) -> Unreadable:
    (one,) = read(tmp_path, name, text)
    assert isinstance(one, Unreadable)
    return one


@pytest.mark.parametrize("kind", ["yaml", "csv", "jsonl"])
@given(cases=st.lists(CASES, max_size=4))
def test_written_cases_are_read_as_they_were(tmp_path_factory: pytest.TempPathFactory, kind: str, cases: list[Case]) -> None:
    found = read(tmp_path_factory.mktemp("cases"), f"all.{kind}", written(cases, kind))
    assert [each.case for each in found if isinstance(each, Placed)] == cases
    assert len(found) == len(cases)


def test_a_case_tells_where_it_stands(tmp_path: Path) -> None:
    text = "- id: one\n  question: a?\n# between\n- id: two\n  question: b?\n"
    assert [str(each.place) for each in read(tmp_path, "leave.yaml", text)] == ["leave.yaml:1", "leave.yaml:4"]


def test_rows_that_a_person_would_write_are_cases(tmp_path: Path) -> None:
    text = "id,question,kind,expect.contains,sources,as\nleave,How long?,messy,5 days|31 March,policies/leave.md,everyone|hr\n"
    (one,) = read(tmp_path, "leave.csv", text)
    assert isinstance(one, Placed)
    assert one.case.expect.contains == (("5 days",), ("31 March",))
    assert one.case.expect.sources == (("policies/leave.md",),)
    assert one.case.as_ == ("everyone", "hr")


@pytest.mark.parametrize(
    ("given_", "problem", "remedy"),
    [
        ({"id": "a", "question": "q", "expects": {}}, "unknown key expects", "did you mean expect?"),
        ({"id": "a", "question": "q", "contains": ["x"]}, "unknown key contains", "contains belongs under expect"),
        (
            {"id": "a", "question": "q", "expect": {"behavior": "answer"}},
            "unknown key expect.behavior",
            "did you mean behaviour?",
        ),
        ({"id": "a"}, "question is missing", "Field required"),
        ({"id": "a b", "question": "q"}, "id cannot be used", "pattern"),
        ({"id": "a", "question": "   "}, "question cannot be used", "pattern"),
        ({"id": "a", "question": "q", "kind": "odd"}, "kind cannot be used", "'normal'"),
        ({"id": "a", "question": "q", "expect": {"contains": "5 days"}}, "expect.contains cannot be used", "tuple"),
        ({"id": "a", "question": "q", "expect": {"contains": ["/(/"]}}, "expect.contains cannot be used", "is no pattern"),
        ({"id": "a", "question": "q", "unacceptable": [r"/(?=a)b/"]}, "unacceptable cannot be used", "look-around"),
        ({"id": "a", "question": "q", "unacceptable": [r"/(a)\1/"]}, "unacceptable cannot be used", "back-references"),
        ({"id": "a", "question": "q", "unacceptable": [r"/\büber\b/"]}, "unacceptable cannot be used", "a to z alone"),
        ({"id": "a", "question": "q", "unacceptable": [r"/[^\W_]/"]}, "unacceptable cannot be used", "cannot stand in brackets"),
        ({"id": "a", "question": "q", "expect": {"contains": [5]}}, "expect.contains cannot be used", "string"),
        ({"id": "a", "question": "q", "expect": {"contains": [[]]}}, "expect.contains cannot be used", "at least 1"),
        ({"id": "a", "question": "q" * 4001}, "question cannot be used", "4000"),
    ],
)
def test_what_is_wrong_with_a_case_is_told_with_its_key(given_: dict[str, object], problem: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as told:
        read_case(given_)
    assert told.value.problem.startswith(problem)
    assert remedy in told.value.remedy


def test_one_bad_case_does_not_hide_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, "x.yaml", "- id: a\n  question: q\n- 7\n- id: b\n  question: q\n  knd: odd\n- id: c\n  question: q\n")
    assert [each.case.id for each in found if isinstance(each, Placed)] == ["a", "c"]
    assert [(each.place.line, each.problem) for each in found if isinstance(each, Unreadable)] == [
        (3, "this is no case"),
        (4, "unknown key knd"),
    ]


def test_files_that_cannot_be_read_are_told_in_a_line(tmp_path: Path) -> None:
    assert only(tmp_path, "a.yaml", "- id: [\n").problem.startswith("it is not valid YAML")
    assert only(tmp_path, "b.yaml", "id: a\n").problem == "it holds no list of cases"
    assert only(tmp_path, "c.yaml", b"- id: \xff\n").problem == "it is not UTF-8 (byte 6)"
    assert only(tmp_path, "d.jsonl", '{"id": "a"\n').problem.startswith("the line is not valid JSON")
    assert only(tmp_path, "e.csv", 'id,question\na,"b\n').problem.startswith("it is not valid CSV")
    assert only(tmp_path, "f.csv", "id,question\na,b,c\n").problem == "the row has 3 cells and the header 2"
    assert only(tmp_path, "g.txt", "").problem == ".txt is no kind of cases"
    assert read(tmp_path, "h.yaml", "") == []


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    assert only(tmp_path, "a.yaml", "- id: a\n  question: q\n  question: r\n").problem == "the key 'question' stands twice"


def test_a_few_lines_that_stand_for_billions_are_refused(tmp_path: Path) -> None:
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    found = read(tmp_path, "bomb.yaml", "\n".join(lines))
    assert isinstance(found[-1], Unreadable)
    assert found[-1].problem == "it holds too much, or too deeply"


def test_an_id_counts_once_in_all_files_and_the_dataset_is_known_by_its_active_cases(tmp_path: Path) -> None:
    folder = tmp_path / "golden"
    folder.mkdir()
    (folder / "a.jsonl").write_text(json.dumps({"id": "one", "question": "q"}) + "\n")
    before = load(tmp_path)
    (folder / "b.yaml").write_text("- id: one\n  question: other\n- id: two\n  question: r\n  status: draft\n")
    after = load(tmp_path)
    assert [each.case.id for each in after.cases] == ["one", "two"]
    assert after.unreadable[0].problem == "there is a case 'one' already, at golden/a.jsonl:1"
    assert before.digest == after.digest
    (folder / "b.yaml").write_text("- id: two\n  question: r\n")
    assert load(tmp_path).digest != before.digest


def test_a_file_is_read_again_as_soon_as_it_is_another(tmp_path: Path) -> None:
    path = tmp_path / "golden" / "a.jsonl"
    path.parent.mkdir()
    for number in range(50):
        half = path.with_suffix(".half")
        half.write_text(json.dumps({"id": f"a{number % 10}", "question": "?"}))
        half.replace(path)
        assert [placed.case.id for placed in load(tmp_path).cases] == [f"a{number % 10}"]
    path.unlink()
    assert load(tmp_path).cases == ()
