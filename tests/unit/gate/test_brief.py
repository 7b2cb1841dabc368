"""What a brief says: read from its file with one line for what is wrong, told what is missing, changed without touching anything else."""

from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.errors import InvalidInput, Refused
from firmground.gate.brief import (
    FIELDS,
    LONGEST,
    MOST_LINES,
    QUESTIONS,
    Brief,
    Metric,
    Missing,
    Sla,
    answered,
    changed,
    is_answered,
    missing,
    overdue,
    read,
    value_of,
    what_to_write,
)
from firmground.gate.brief_file import edited, empty, sample
from firmground.testing.gate import brief as ours

SAMPLE = (files("firmground") / "sample" / "brief.toml").read_text(encoding="utf-8")
COMPLETE = ours()
BY_HAND = """\
# Ours since May.
workflow_owner = "Ada"   # ask her first

known_limitations = [
    "No mail",   # yet
]
alert_owner = 'The "desk"'

sla = { owner = "Bo", p95_ms = 400 }   # in one line

# What we count
[success_metric]
target = "half"
"""


def test_what_comes_with_a_new_workspace_names_every_question_and_answers_none():
    assert read(empty()) == Brief()
    assert all(f"{field.rpartition('.')[2]} = " in empty() for field in FIELDS)


def test_everything_that_is_empty_is_missing_with_what_to_write():
    assert [gap.field for gap in missing(Brief())] == list(FIELDS)
    assert all(gap.what == what_to_write(gap.field) and gap.what.endswith(".") for gap in missing(Brief()))
    assert (answered(Brief()), len(QUESTIONS)) == (0, 19)


def test_nothing_is_missing_of_a_complete_one():
    assert missing(COMPLETE) == []
    assert answered(COMPLETE) == len(QUESTIONS)


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_is_missed_when_it_alone_is_empty(field: str):
    [gap] = missing(without(field))
    assert gap == Missing(field, what_to_write(field))
    assert answered(without(field)) == len(QUESTIONS) - 1


@pytest.mark.parametrize("placeholder", ["", "  \n ", "TODO", "tbd.", "n/a", "?", "…", "---", "xxx"])
def test_a_mark_that_something_shall_be_written_is_no_answer(placeholder: str):
    assert missing(COMPLETE.model_copy(update={"fallback_path": placeholder, "blocked_actions": (placeholder,)})) == [
        Missing(name, what_to_write(name)) for name in ("fallback_path", "blocked_actions")
    ]


@pytest.mark.parametrize("answer", ["-1 °C", "Todor", "7", "客服"])
def test_short_answers_are_answers(answer: str):
    assert is_answered(Brief(output=answer), "output")


def test_the_brief_of_the_sample_answers_everything_and_is_still_nobodys():
    shipped = read(sample(SAMPLE, date(2027, 2, 1)))
    assert answered(shipped) == len(QUESTIONS)
    assert [gap.field for gap in missing(shipped)] == ["sample"]


def test_without_its_mark_the_brief_of_the_sample_answers_nothing_but_its_numbers():
    taken = read(sample(SAMPLE, date(2027, 2, 1))).model_copy(update={"sample": False})
    assert [gap.field for gap in missing(taken)] == [name for name in FIELDS if name not in {"first_review", "sla.p95_ms"}]
    assert all(gap.what.startswith("This is what the sample says") for gap in missing(taken))


@pytest.mark.parametrize(
    ("values", "is_ours"),
    [
        ({"workflow_owner": "ROWAN BAXTER - head of people (people@tarnhaven.example.com)"}, False),
        ({"workflow_owner": "Ann, ann@example.org"}, True),
        ({"allowed_actions": ("Ask back which office or which contract is meant.",)}, False),
        ({"allowed_actions": ("Ask back which office or which contract is meant.", "Name the page")}, True),
    ],
)
def test_an_answer_is_ours_when_it_says_something_else_than_the_sample(values: dict[str, Any], is_ours: bool):
    assert is_answered(COMPLETE.model_copy(update=values), next(iter(values))) is is_ours


def test_the_brief_of_the_sample_has_no_day_that_could_be_over_before_somebody_uses_it():
    assert read(SAMPLE).first_review is None
    assert read(sample(SAMPLE, date(2031, 5, 6))).first_review == date(2031, 5, 6)


def test_a_review_that_was_not_held_is_told_from_the_day_after():
    brief = Brief(first_review=date(2027, 1, 15))
    assert overdue(brief, date(2027, 1, 15)) == ""
    assert overdue(brief, date(2027, 1, 16)).startswith("The review was due on 2027-01-15: hold it")
    assert overdue(Brief(), date(2027, 1, 16)) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("workflow_ownr = 'x'", "unknown key workflow_ownr in brief.toml: did you mean workflow_owner?"),
        ("baseline = 'x'", "unknown key baseline in brief.toml: did you mean success_metric.baseline?"),
        ("[sla]\np95 = 5", "unknown key sla.p95 in brief.toml: did you mean sla.p95_ms?"),
        ("qqqq = 1", "unknown key qqqq in brief.toml: known keys: workflow_owner, "),
        ("output = 5", 'output in brief.toml cannot be used: it must be text in quotes, e.g. "a"'),
        ("output = ['x']", 'output in brief.toml cannot be used: it must be text in quotes, e.g. "a"'),
        ("blocked_actions = 'x'", 'blocked_actions in brief.toml cannot be used: it must be a list, e.g. ["a", "b"]'),
        ("blocked_actions = [1]", "blocked_actions.0 in brief.toml cannot be used: it must be text in quotes"),
        ("sla = 'fast'", "sla in brief.toml cannot be used: it is a table"),
        ("sla = {p95_ms = '5'}", "sla.p95_ms in brief.toml cannot be used: write a number, e.g. 500"),
        ("sla = {p95_ms = true}", "sla.p95_ms in brief.toml cannot be used: write a number, e.g. 500"),
        ("sla = {p95_ms = 0}", "sla.p95_ms in brief.toml cannot be used: it must be more than 0"),
        ("sla = {p95_ms = nan}", "sla.p95_ms in brief.toml cannot be used: it must be"),
        ("first_review = 20270115", "first_review in brief.toml cannot be used: write a day, e.g. 2027-01-15"),
        ("first_review = 2027-01-15T10:00:00", "first_review in brief.toml cannot be used: write a day"),
        ("first_review = '2027-02-30'", "first_review in brief.toml cannot be used: there is no day 2027-02-30"),
        ("first_review = 'soon'\noutput = 1", "output in brief.toml cannot be used (and 1 more): it must be text"),
        ("sample = 1", "sample in brief.toml cannot be used: it must be true or false"),
        ('output = "\\u001b[2J"', "output in brief.toml cannot be used: it holds a control character: leave it out"),
        (f"output = '{'x' * (LONGEST + 1)}'", "output in brief.toml cannot be used: it is longer than 4000 characters: shorten it"),
        ("blocked_actions = [" + "'a'," * (MOST_LINES + 1) + "]", "blocked_actions in brief.toml cannot be used: it has more than 50"),
        ("output = ", "brief.toml is not valid TOML ("),
        ("output = 'a'\noutput = 'b'", "brief.toml is not valid TOML ("),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file_is_one_line_that_names_the_key(text: str, said: str):
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_an_entry_of_a_list_is_one_line_and_spaces_around_are_none_of_it():
    brief = read('known_limitations = ["""\none\n  two""", "", "  "]\noutput = "  a\\r\\nb\\n"\n')
    assert brief.known_limitations == ("one two",)
    assert brief.output == "a\nb"


def test_the_same_answers_have_the_same_digest_however_the_file_is_written():
    assert read("output = 'a'\ninput = 'b'").digest == read("# x\ninput = '''\nb'''\noutput = \"a\"\n").digest


def test_what_was_changed_is_told_by_field():
    after = COMPLETE.model_copy(update={"output": "x", "sla": COMPLETE.sla.model_copy(update={"owner": "Bo"})})
    assert changed(COMPLETE, after) == ["output", "sla.owner"]
    assert changed(COMPLETE, COMPLETE) == []


def test_only_the_answer_that_changes_is_written_anew():
    after = read(BY_HAND).model_copy(update={"workflow_owner": "Bo"})
    assert edited(BY_HAND, after) == BY_HAND.replace('"Ada"', '"Bo"')


def test_comments_and_order_stay_when_everything_changes():
    text = edited(BY_HAND, COMPLETE)
    assert read(text) == COMPLETE
    for comment in ("# Ours since May.", "# ask her first", "# What we count"):
        assert comment in text
    assert text.index("workflow_owner") < text.index("known_limitations") < text.index("alert_owner")


def test_a_day_and_a_number_that_are_taken_back_leave_their_line():
    text = edited(sample(SAMPLE, date(2027, 2, 1)), COMPLETE.model_copy(update={"first_review": None, "sla": Sla()}))
    assert 'first_review = "" # 90 days after' in text
    assert 'p95_ms = ""' in text


def test_the_mark_of_the_sample_goes_with_its_line():
    assert "sample = " not in edited(sample(SAMPLE, date(2027, 2, 1)), COMPLETE)


def test_lines_that_end_as_on_windows_still_do():
    text = edited(BY_HAND.replace("\n", "\r\n"), read(BY_HAND).model_copy(update={"output": "a\nb"}))
    assert text.count("\n") == text.count("\r\n")
    assert read(text).output == "a\nb"


def test_what_cannot_be_changed_in_its_place_is_left_alone():
    with pytest.raises(Refused, match=r"edit the file itself"):
        edited("success_metric.name = 'a'\n[sla]\nowner='x'\n", Unwritable())


class Unwritable(Brief):
    """Says something else each time it is compared."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = Brief.__hash__


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
BRIEFS = st.builds(
    Brief,
    workflow_owner=TEXTS,
    review_point=st.lists(TEXTS, max_size=3).map("\n".join),
    known_limitations=st.lists(TEXTS, max_size=3).map(tuple),
    success_metric=st.builds(Metric, name=TEXTS),
    sla=st.builds(Sla, owner=TEXTS, p95_ms=st.none() | st.floats(0.001, 600_000)),
    first_review=st.none() | st.dates(),
    sample=st.booleans(),
)


@settings(max_examples=max(20, settings().max_examples // 4), deadline=None)
@given(before=BRIEFS, after=BRIEFS)
def test_any_brief_becomes_any_other_in_its_file(before: Brief, after: Brief):
    text = edited(empty(), before)
    assert read(text) == before
    assert read(edited(text, after)) == after


def without(field: str) -> Brief:
    table, _, part = field.rpartition(".")
    blank = value_of(Brief(), field)
    if table:
        return COMPLETE.model_copy(update={table: value_of(COMPLETE, table).model_copy(update={part: blank})})
    return COMPLETE.model_copy(update={field: blank})
