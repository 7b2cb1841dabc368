import pytest
from hypothesis import given
from hypothesis import strategies as some

from firmground.errors import ParseFailed
from firmground.sources import kinds, plain
from firmground.sources.matter import BadMatter, Matter, load_mapping, read_groups

GERMAN = "Für größere Anschaffungen ist die Zustimmung der Geschäftsführung nötig. Übrige Beträge prüft das Büro. " * 3
RUSSIAN = "Сотрудник может перенести на следующий год не более пяти дней неиспользованного отпуска. " * 3


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (GERMAN.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + GERMAN.encode(), "utf-8"),
        (GERMAN.encode("utf-16"), "utf-16"),
        (GERMAN.encode("utf-16-le"), "utf-16-le"),
        (GERMAN.encode("utf-16-be"), "utf-16-be"),
        (GERMAN.encode("utf-32"), "utf-32"),
        (GERMAN.encode("cp1252"), "windows-1252"),
    ],
)
def test_encodings_are_found(content: bytes, encoding: str):
    decoded = plain.decode(content)
    assert (decoded.text, decoded.encoding) == (GERMAN, encoding)


def test_a_guessed_encoding_is_a_warning():
    assert plain.decode(GERMAN.encode("cp1252")).warnings == ("encoding_guessed: windows-1252",)
    russian = plain.decode(RUSSIAN.encode("cp1251"))
    assert russian.text == RUSSIAN
    assert russian.warnings == ("encoding_guessed: cp1251",)


def test_a_few_broken_bytes_do_not_change_the_encoding():
    decoded = plain.decode(GERMAN.encode() + b"\xff" + GERMAN.encode())
    assert decoded.encoding == "utf-8"
    assert decoded.warnings == ("replacement_characters: 1",)


@given(some.text(alphabet=some.characters(exclude_categories=())))
def test_tidy_text_is_normal_and_stays_as_it_is(text: str):
    tidied = plain.tidy(text)
    assert plain.tidy(tidied) == tidied
    assert not any(ord(mark) < 32 and mark not in "\t\n" for mark in tidied)
    tidied.encode()


def test_invisible_marks_that_can_hide_orders_stay_for_the_guard_to_see():
    hidden = "a\u200bb\U000e0041c\u202ed"
    assert plain.tidy(hidden) == hidden


def test_a_table_with_separators_becomes_a_pipe_table_with_verbatim_values():
    text = 'name;price;note\n"A|B";1.250,00;"two\nlines"\nshort\n'
    table = "| name | price | note |\n| --- | --- | --- |\n| A\\|B | 1.250,00 | two lines |\n| short |  |  |\n"
    assert plain.separated(text, kinds.CSV, 100).replace("| --- | --- | --- |", "| --- | --- | --- |") == table


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str):
    text = "\n".join(delimiter.join(row) for row in [("a", "b"), ("1", "x y"), ("2", "z. w")])
    assert plain.separated(text, kinds.CSV, 100).splitlines()[2] == "| 1 | x y |"


def test_too_many_cells_are_a_limit():
    with pytest.raises(ParseFailed) as failed:
        plain.separated("a,b\n" * 100, kinds.CSV, 150)
    assert failed.value.code == "limit_exceeded"


def test_json_on_one_line_is_broken_into_lines_and_values_stay_verbatim():
    text = '{"price": 1.10, "text": "a, [b] {c}", "list": [' + ", ".join(map(str, range(100))) + "]}"
    fenced = plain.fenced_json(text)
    assert fenced.startswith("```json\n{\n")
    assert '"price": 1.10,\n' in fenced
    assert '"a, [b] {c}"' in fenced


# ---------------------------------------------------------------- front matter


def test_front_matter_gives_title_groups_and_metadata_under_their_names():
    matter = Matter(
        "---\nTitle: Leave\nGroups: hr\nupdated: 2026-11-20\nversion: 1.2\ntags: [a, b]\nnested: {a: 1}\n---\n\nText\n"
    )
    assert (matter.title, matter.groups, matter.body) == ("Leave", ("hr",), "Text\n")
    assert matter.metadata == {"updated": "2026-11-20", "version": 1.2, "tags": ("a", "b")}
    assert matter.warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: [unclosed\n---\nText\n",
        "---\ngroups: {hr: 1}\n---\nText\n",
        "---\ngroups: hr\ngroups: everyone\n---\nText\n",
        "---\ngroups: hr\nGroups: everyone\n---\nText\n",
        "---\ntitle: x\ngroups: [hr]\nText without an end\n",
        "---\na: &a [1]\nb: *a\n---\nText\n",
        "---\na: !!python/name:os.system\n---\nText\n",
        "---\ndeep: " + "[" * 5000 + "\n---\nText\n",
        "---\nx: " + "y" * 70_000 + "\n---\nText\n",
    ],
)
def test_front_matter_that_cannot_be_read_shows_the_document_to_nobody(text: str):
    matter = Matter(text)
    assert matter.groups == ()
    assert matter.body == text
    assert matter.warnings[0].startswith("front_matter_invalid")


@pytest.mark.parametrize("text", ["---\n\nJust a rule\n", "---\nJust a line\n---\nText\n", "Text\n---\ngroups: hr\n---\n"])
def test_a_rule_across_the_page_is_no_front_matter(text: str):
    matter = Matter(text)
    assert (matter.body, matter.groups, matter.warnings) == (text, None, [])


def test_empty_front_matter_is_taken_off():
    assert Matter("---\n---\nText\n").body == "Text\n"


@given(some.text())
def test_any_text_after_three_dashes_is_read_or_refused_without_a_crash(text: str):
    matter = Matter("---\n" + text)
    assert matter.groups is None or isinstance(matter.groups, tuple)


@pytest.mark.parametrize("value", [1, [1], [""], {"a": 1}, [["hr"]], None])
def test_groups_must_be_names(value: object):
    with pytest.raises(BadMatter):
        read_groups(value)


def test_infinite_and_huge_numbers_become_text():
    assert Matter("---\na: .inf\nb: 99999999999999999999999\n---\nx").metadata == {"a": "inf", "b": "99999999999999999999999"}


def test_a_mapping_with_a_date_as_key_has_text_keys():
    assert list(load_mapping("2026-01-02: x")) == ["2026-01-02"]
