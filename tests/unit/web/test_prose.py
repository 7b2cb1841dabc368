"""How the text of a document is shown."""

from firmground.web.prose import Mark, blocks, by_form


def test_a_number_that_a_parser_kept_from_being_a_list_is_shown_without_its_backslash():
    text = "## 2\\. Orders\n\nSee C:\\.config and 3\\) below."
    heading, paragraph = blocks(text, 0, len(text))
    assert heading.runs[0].text == "2. Orders"
    assert paragraph.runs[0].text == "See C:\\.config and 3) below."


def test_a_mark_keeps_its_place_beside_such_a_number():
    text = "1\\. Cancel within 5 days."
    [block] = blocks(text, 0, len(text), [Mark(1, text.index("Cancel"), len(text))])
    assert [(run.text, run.n) for run in block.runs] == [("1. ", 0), ("Cancel within 5 days.", 1)]


def test_placeholders_are_told_by_their_form_where_nobody_can_say_what_they_stand_for():
    runs = by_form("Is EMAIL_7KQ2MX5PA4 of NATIONAL_ID_AAAAAAAAAA in SETTING_ABCDEFGHIJ?")
    assert [(run.text, run.hides) for run in runs if run.hides] == [
        ("EMAIL_7KQ2MX5PA4", "email"),
        ("NATIONAL_ID_AAAAAAAAAA", "national_id"),
    ]
    assert "".join(run.text for run in runs) == "Is EMAIL_7KQ2MX5PA4 of NATIONAL_ID_AAAAAAAAAA in SETTING_ABCDEFGHIJ?"
