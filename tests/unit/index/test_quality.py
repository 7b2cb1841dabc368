from datetime import date

import pytest

from firmground.index.dates import day, expires, updated
from firmground.index.quality import Inspector
from firmground.types import Finding, Parsed, Scalar

TODAY = date(2026, 11, 20)
GOOD = "Employees book their trips through the travel desk. It answers within two working days and pays by transfer.\n\n"


def inspect(
    text: str, language: str = "en", metadata: dict[str, Scalar] | None = None, warnings: tuple[str, ...] = ()
) -> list[Finding]:
    parsed = Parsed(text=text, media_type="text/markdown", metadata=dict(metadata or {}), warnings=warnings)
    return Inspector().inspect("a.md", text, parsed, language, TODAY)


def codes(text: str, language: str = "en", metadata: dict[str, Scalar] | None = None) -> list[str]:
    return [finding.code for finding in inspect(text, language, metadata)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GOOD, "en"),
        ("Die Reisestelle prüft Belege in zwei Tagen (max. 300 €) – außer im Juli; Näheres unter https://example.org/a_b.", "de"),
        ("NÃO É PERMITIDO. As viagens são pagas pela empresa após a SOLICITAÇÃO ao serviço de pessoal.", "pt"),
        ("员工年假为十天，由人事部门批准。请提前两周提出申请。", "zh"),
        ("| Code | Days |\n|---|---|\n" + "| X-12 | 3.5 |\n" * 60, ""),
        ("```\nxq := zz[1]; kk ^= ~7\n```\n" + GOOD, "en"),
        ("├── src\n│   └── main\n" + GOOD, "en"),
    ],
)
def test_sound_documents_have_no_findings(text: str, language: str) -> None:
    assert inspect(text, language) == []


@pytest.mark.parametrize("text", ["", " \n", "---\n***\n"])
def test_a_document_without_words_is_empty(text: str) -> None:
    assert codes(text) == ["empty"]


def test_a_stub_is_near_empty() -> None:
    assert codes("# Travel\n\nTo be written.") == ["near_empty"]


def test_letters_read_in_the_wrong_encoding_are_shown_with_their_place() -> None:
    text = "Die Ã¼brigen Gebühren prÃ¼ft die Kasse, bevor sie am Monatsende alles bucht."
    finding = inspect(text, "de")[0]
    assert finding.code == "wrong_encoding"
    assert text[finding.start : finding.end] == "Ã¼"


def test_lost_signs_are_shown_with_their_place() -> None:
    text = GOOD + "The caf\ufffd and the na\ufffdve r\ufffdsum\ufffd."
    finding = inspect(text)[0]
    assert (finding.code, finding.start) == ("garbled", text.index("\ufffd"))


def test_the_noise_of_a_bad_scan_is_garbled() -> None:
    noise = "l|~ rn^m tbe qvck ;:' brwn f0x jvmps 0v3r |he lzy d*g ~~ xkq zzt wrt plm kjh gfd "
    assert codes(noise * 8, "") == ["garbled"]


def test_a_guessed_encoding_is_reported() -> None:
    found = inspect(GOOD, warnings=("encoding_guessed: windows-1252", "other"))
    assert [(finding.code, "windows-1252" in finding.detail) for finding in found] == [("encoding_guessed", True)]


@pytest.mark.parametrize(
    "line",
    [
        "Last updated: 3 May 2019",
        "**Last reviewed:** 2019-05-03",
        "Stand: 03.05.2019",
        "Zuletzt aktualisiert am 3. Mai 2019",
        "Dernière mise à jour le 3 mai 2019",
        "Última actualización: 3 de mayo de 2019",
        "Last updated May 3, 2019",
    ],
)
def test_an_old_date_in_the_text_is_stale_and_shown(line: str) -> None:
    text = f"# Travel\n\n{line}\n\n{GOOD}"
    finding = inspect(text)[0]
    assert finding.code == "stale"
    assert "2019-05-03" in finding.detail
    assert text[finding.start : finding.end] in line


def test_metadata_dates_count_too_and_recent_ones_are_fine() -> None:
    assert codes(GOOD, metadata={"updated": "2019-05-03"}) == ["stale"]
    assert codes(GOOD, metadata={"updated": "2026-05-03"}) == []
    assert codes(GOOD, metadata={"valid_until": "2026-11-19", "updated": "2026-05-03"}) == ["stale"]


def test_an_old_document_that_is_still_valid_is_not_stale() -> None:
    assert codes(GOOD, metadata={"date": "2019-05-03", "valid_until": "2027-01-01"}) == []


def test_a_date_in_the_story_is_no_date_of_the_document() -> None:
    assert codes("The company was founded on 3 May 1987 and moved to its present house on 1 June 1999.") == []


def test_a_long_text_without_headings_lacks_structure() -> None:
    assert codes(GOOD * 200) == ["low_structure"]
    assert codes("# Travel\n" + GOOD * 200) == []


def test_every_finding_says_what_to_do() -> None:
    text = "Last updated: 2001-01-01\n\x01\x02\x03 prÃ¼ft die Ã¼brigen Gebühren und bucht am Ende alles."
    found = inspect(text, "de")
    assert [finding.code for finding in found] == ["wrong_encoding", "garbled", "stale"]
    assert all(finding.remedy and finding.detail and finding.uri == "a.md" for finding in found)


def test_dates_are_read_as_people_write_them() -> None:
    assert day("31/12/2024") == day("12/31/2024") == day("31. Dezember 2024") == date(2024, 12, 31)
    assert day("March 2024") == day("2024-03") == date(2024, 3, 1)
    assert day("45.13.2024") is None
    assert day("soon") is None


def test_the_latest_update_and_the_earliest_expiry_count() -> None:
    text = "Updated: 2020-01-01\nUpdated: 2021-01-01\nValid until 2030-01-01. Expires: 2029-01-01."
    last, end = updated(text, {}), expires(text, {})
    assert last is not None
    assert end is not None
    assert (last.day, end.day) == (date(2021, 1, 1), date(2029, 1, 1))
