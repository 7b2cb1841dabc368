"""What a workspace says of personal data: kinds, patterns of its own, regions; and what is answered to mistakes."""

from pathlib import Path

import pytest

from firmground.errors import InvalidSettings
from firmground.guard.personal import Detector
from firmground.guard.personal.detector import FORMS
from firmground.settings import load_workspace
from firmground.settings_guard import KINDS, GuardSection

STAFF = (("staff_number", r"\bS-(?P<value>\d{6})\b", 0.9),)


def found(detector: Detector, text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in detector.find(text)]


def test_names_and_addresses_are_looked_for_only_where_somebody_asks() -> None:
    text = "Dear Ms Forsberg, we moved to 12 Main Street, Springfield, IL 62704."
    assert found(Detector(), text) == []
    assert found(Detector(kinds=("name", "address")), text) == [
        ("name", "Forsberg"),
        ("address", "12 Main Street, Springfield, IL 62704"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Dear Mr. van der Berg, thank you", "van der Berg"),
        ("Name: Zoë Ångström", "Zoë Ångström"),
        ("Ich heiße Jörg Müller.", "Jörg Müller"),
        ("Kind regards,\nMary Ann Jones\n", "Mary Ann Jones"),
        ("Frau Dr. Schmidt-Rottluff kommt", "Schmidt-Rottluff"),
    ],
)
def test_a_name_is_known_by_what_stands_before_it(text: str, value: str) -> None:
    assert ("name", value) in found(Detector(kinds=("name",)), text)


@pytest.mark.parametrize(
    "text", ["Name: Order Number", "Dear Customer, hello", "The Title is new", "Hello World, this is a test"]
)
def test_headings_are_no_names(text: str) -> None:
    assert found(Detector(kinds=("name",)), text) == []


@pytest.mark.parametrize(
    "value",
    [
        "Hauptstraße 5, 12345 Berlin",
        "Keizersgracht 123, 1015 CJ Amsterdam",
        "Calle Mayor 5, 28013 Madrid",
        "Via Roma 10, 00184 Roma",
        "12 rue de la Paix, 75002 Paris",
        "10 Downing Street, London SW1A 2AA",
        "Musterweg 12 a",
    ],
)
def test_an_address_is_found_by_street_number_and_place(value: str) -> None:
    assert found(Detector(kinds=("address",)), f"wohnhaft: {value}.") == [("address", value)]


def test_only_the_kinds_that_are_named_count_and_own_patterns_always() -> None:
    text = "ada@example.com, +49 30 1234567, S-123456"
    assert found(Detector(kinds=("email",)), text) == [("email", "ada@example.com")]
    assert found(Detector(kinds=("email",), patterns=STAFF), text) == [("email", "ada@example.com"), ("staff_number", "123456")]


def test_without_a_group_named_value_the_whole_match_counts() -> None:
    assert found(Detector(patterns=(("case", r"\bCASE-[0-9]{4}\b", 0.9),)), "see CASE-1234") == [("case", "CASE-1234")]


def test_a_pattern_that_matches_nothing_at_all_marks_nothing() -> None:
    assert found(Detector(patterns=(("any", r"x*", 0.9),)), "abc") == []


def test_patterns_find_the_same_wherever_a_long_text_is_cut() -> None:
    detector = Detector(kinds=("email",), patterns=STAFF)
    text = "".join(f"{'é' * (at % 97)} S-{at:06d} " for at in range(2000))
    assert [value for _, value in found(detector, text)] == [f"{at:06d}" for at in range(2000)]


def test_a_pattern_reads_text_that_is_no_unicode() -> None:
    assert found(Detector(patterns=STAFF), "\ud800 S-123456") == [("staff_number", "123456")]


def test_a_number_without_a_country_code_counts_where_its_region_is_meant() -> None:
    assert found(Detector(regions=("GB",)), "at 078 8098 1119 now") == [("phone", "078 8098 1119")]
    assert found(Detector(regions=("ES",)), "at 078 8098 1119 now") == []
    assert found(Detector(regions=("ZZ",)), "at 078 8098 1119 now") == []


def test_the_id_changes_with_what_is_found() -> None:
    changed = [Detector(), Detector(kinds=("email",)), Detector(patterns=STAFF), Detector(regions=("GB",))]
    assert len({detector.id for detector in changed}) == 4
    assert Detector(patterns=STAFF).id == Detector(patterns=STAFF).id


def test_a_workspace_says_what_is_looked_for() -> None:
    guard = GuardSection.model_validate(
        {"kinds": ["email"], "phone_regions": ["GB"], "patterns": [{"kind": "staff_number", "pattern": STAFF[0][1]}]}
    )
    assert Detector.of(guard) == Detector(kinds=("email",), patterns=STAFF, regions=("GB",))
    assert Detector.of(GuardSection()) == Detector()


def test_every_kind_of_the_settings_is_looked_for_by_somebody() -> None:
    assert {*FORMS, "phone", "place"} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kinds = ['e-mail']", "guard.kinds names 'e-mail', which nobody looks for"),
        ("phone_regions = ['Germany']", "'Germany' is no country of two capital letters, such as DE"),
        ("names = 'presidio'", "guard.names = presidio needs guard.names_model"),
        ("names = 'presidio'\nnames_model = 'x'\nkinds = ['email']", "guard.names looks for names, which guard.kinds leaves out"),
        ("[[guard.patterns]]\nkind = 'a'\npattern = '(?=x)'", "RE2 cannot read it (invalid perl operator: (?=)"),
        ("[[guard.patterns]]\nkind = 'a'\npattern = '(x'", "RE2 cannot read it (missing ): (x)"),
        ("[[guard.patterns]]\nkind = 'A B'\npattern = 'x'", "use small letters, digits and _"),
    ],
)
def test_a_mistake_is_one_line_when_the_workspace_is_opened(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "firmground.toml").write_text(f"[guard]\n{text}\n")
    with pytest.raises(InvalidSettings) as refused:
        load_workspace(tmp_path, {})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_kind_of_ones_own_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "firmground.toml").write_text(
        "[guard]\nkinds = ['email', 'staff_number']\n[[guard.patterns]]\nkind = 'staff_number'\npattern = 'S-[0-9]+'\n"
    )
    assert load_workspace(tmp_path, {}).settings.guard.kinds == ("email", "staff_number")
