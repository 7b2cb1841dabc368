"""Names of persons: by given names, words around them, columns, mailboxes; and what looks like one and is none."""

import pytest

from firmground.guard.personal import Detector

_FIND = Detector(kinds=("name",)).find


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in _FIND(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ask Svenja Petersen or Duncan Orr.", ["Svenja Petersen", "Duncan Orr"]),
        ("Tell Kevin the same day.", ["Kevin"]),
        ("Written by Ludwig van der Berg in spring.", ["Ludwig van der Berg"]),
        ("Mark Twain is not asked to mark it.", ["Mark Twain"]),
        ("In Robert Koch's lab", ["Robert Koch"]),
        ("AMANDA COSTELLO", ["AMANDA COSTELLO"]),
        ("I'd like to join accounts with ms. Wijtze", ["Wijtze"]),
        ("Her maiden name is Vidaković.", ["Vidaković"]),
        ("Mein Name ist Xaverine Huber.", ["Xaverine Huber"]),
        ("Je m'appelle Quitterie Dubois.", ["Quitterie Dubois"]),
        ("Me llamo Xiomara Quintanilla.", ["Xiomara Quintanilla"]),
    ],
)
def test_a_name_is_told_by_a_given_name_or_by_words_before_it(text: str, names: list[str]):
    assert found(text) == names


@pytest.mark.parametrize(
    "label",
    [
        "Signed by",
        "Employee name",
        "Reviewed by",
        "Owner",
        "Unterzeichnet von",
        "Geprüft von",
        "Approuvé par",
        "Firmado por",
        "Redatto da",
    ],
)
def test_a_label_in_several_languages_names_who_follows(label: str):
    assert found(f"{label}: Xiomara Quintanilla\nNext line") == ["Xiomara Quintanilla"]


def test_a_mailbox_tells_who_stands_beside_it():
    text = "Ask Xiomara Quintanilla <xiomara.quintanilla@firm.example> or Wei Zhang (wzhang@firm.example)."
    assert found(text) == ["Xiomara Quintanilla", "Wei Zhang"]
    assert found("Write to Press Office (press.office@firm.example) or TTS Outreach (tts-outreach@firm.example).") == []


def test_a_column_that_is_headed_so_holds_names():
    table = "| Employee | Room |\n| --- | --- |\n| Anna Smith | North Room |\n| Wei Zhang | Blue Lamp |\n"
    assert found(table) == ["Anna Smith", "Wei Zhang"]
    assert found("| Last name | First name |\n|---|---|\n| Quux | Zed |\n\nNorth Room is free.") == ["Quux", "Zed"]
    assert found("| Name | Floor |\n| --- | --- |\n| North Room | 1 |\n| Blue Lamp | 2 |\n") == []


def test_a_family_name_is_known_where_it_stands_alone():
    text = "Svenja Petersen leads it. Later Petersen left."
    assert found(text) == ["Svenja Petersen", "Petersen"]
    assert found("Anna Stone keeps it. Stone, as every stone, lasts.") == ["Anna Stone"], "the text writes it small as well"
    assert found("John Harvard gave it. At Harvard, as in Harvard, it is known.") == ["John Harvard"], "the text is in it"


@pytest.mark.parametrize(
    "text",
    [
        "The office is in San Francisco near Santa Maria.",
        "It lies at Rue Victor Hugo and Avenida Pedro Ulisses.",
        "Thomas Jefferson University and Johanna Hospital are closed.",
        "Will NASA go? In May June follows. Grant Access to it.",
        "Owner: Human Resources\nApproved by: GSA OGC",
        "See robert.txt, @kevin and #anna.",
        "Hurricane Katrina was in August.",
    ],
)
def test_places_firms_and_words_are_no_names(text: str):
    assert found(text) == []
