import random

from firmground.index.compare import Comparer, Profile, profile
from firmground.types import Finding, Scalar

_VOCABULARY = (
    "travel desk pays claim return night hotel train ticket form manager approval limit receipt meal city office year rule team"
)
WORDS = _VOCABULARY.split()


def prose(seed: int, words: int = 200) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(words)).capitalize() + "."


def a_profile(uri: str, text: str, title: str = "", **metadata: Scalar) -> Profile:
    return profile(uri, title or uri, text, metadata, "en")


def duplicates(*profiles: Profile) -> list[Finding]:
    return Comparer().duplicates(profiles)


def contradictions(**texts: str) -> list[Finding]:
    """Documents of one title, each named by its keyword."""
    profiles = [profile(uri, "Travel policy", text, {}, "en") for uri, text in texts.items()]
    return Comparer().contradictions(profiles, lambda uri: texts[uri])


def test_the_same_words_are_exact_duplicates_whatever_the_layout() -> None:
    found = duplicates(a_profile("b.md", "The desk, pays!\n"), a_profile("a.md", "the  DESK pays"))
    assert [(finding.code, finding.uri, finding.related) for finding in found] == [("exact_duplicate", "b.md", ("a.md",))]
    assert "its path comes first" in found[0].detail


def test_the_newer_one_is_kept_and_the_finding_says_why() -> None:
    text = prose(1)
    found = duplicates(a_profile("a.md", text, updated="2020-01-01"), a_profile("z.md", text, updated="2024-01-01"))
    assert [(finding.uri, finding.related) for finding in found] == [("a.md", ("z.md",))]
    assert "newer date 2024-01-01 (against 2020-01-01)" in found[0].detail


def test_the_longer_near_duplicate_is_kept() -> None:
    text = prose(1)
    found = duplicates(a_profile("a.md", text), a_profile("b.md", text + " One more sentence at the end."))
    assert [(finding.code, finding.uri, finding.related) for finding in found] == [("near_duplicate", "a.md", ("b.md",))]
    assert "it is longer" in found[0].detail


def test_the_deeper_of_two_equal_files_is_kept() -> None:
    found = duplicates(a_profile("a.md", prose(1)), a_profile("hr/travel/a.md", prose(1)))
    assert [finding.uri for finding in found] == ["a.md"]


def test_different_texts_are_no_duplicates() -> None:
    assert duplicates(*(a_profile(f"{n}.md", prose(n)) for n in range(50))) == []


def test_a_corpus_of_copies_stays_one_group() -> None:
    text = prose(1)
    found = duplicates(*(a_profile(f"{n:03}.md", f"{text} Number {n}.") for n in range(300)))
    assert len(found) == 299
    assert len({finding.related for finding in found}) == 1


def test_the_order_of_documents_does_not_matter() -> None:
    profiles = [a_profile(f"{n}.md", prose(n % 5) + f" Copy {n}.") for n in range(30)]
    assert duplicates(*profiles) == duplicates(*reversed(profiles))


def test_a_profile_survives_json() -> None:
    made = a_profile("a.md", prose(3), updated="2024-02-03")
    assert Profile.model_validate_json(made.model_dump_json()) == made


def test_chinese_near_duplicates_are_found() -> None:
    text = "员工年假为十天，由人事部门批准。请提前两周提出申请，并填写休假表格。经理在三天内答复，未休完的假期可以顺延到下一年度的三月底。"
    assert [finding.code for finding in duplicates(a_profile("a", text), a_profile("b", text + "谢谢"))] == ["near_duplicate"]


def test_the_older_of_two_versions_is_superseded() -> None:
    old, new = (
        profile("travel-v1.md", "Travel policy v1.9", prose(1), {}),
        profile("travel-v2.md", "Travel policy v1.10", prose(2), {}),
    )
    found = Comparer().contradictions([old, new], lambda _: "")
    assert [(finding.uri, finding.related) for finding in found] == [("travel-v1.md", ("travel-v2.md",))]
    assert "version 1.9 against 1.10" in found[0].detail


def test_the_older_of_two_dates_is_superseded() -> None:
    found = contradictions(a="Last updated: 2020-01-01\n" + prose(1), b="Last updated: 2024-01-01\n" + prose(2))
    assert [(finding.uri, finding.detail) for finding in found] == [("a", "superseded by b: dated 2020-01-01 against 2024-01-01")]


def test_years_in_file_names_tell_versions_apart() -> None:
    old, new = profile("Travel policy 2023.pdf", "", prose(1), {}), profile("Travel policy 2025.pdf", "", prose(2), {})
    assert [finding.uri for finding in Comparer().contradictions([new, old], lambda _: "")] == ["Travel policy 2023.pdf"]


def test_the_same_sentence_with_another_number_contradicts() -> None:
    texts = {"a": "Claims are paid within 10 days of the return.", "b": "Claims are paid within 5 days of the return."}
    found = contradictions(**texts)
    assert [(finding.code, finding.uri, finding.related) for finding in found] == [("contradiction", "a", ("b",))]
    assert "says 10 where b says 5" in found[0].detail
    assert texts["a"][found[0].start : found[0].end] == texts["a"]


def test_other_sentences_lists_and_years_do_not_contradict() -> None:
    assert contradictions(a="Claims are paid within 10 days of return.", b="Trips are booked 5 days before departure.") == []
    assert contradictions(a="This rule is valid for the year 2024.", b="This rule is valid for the year 2025.") == []
    rows = "The hotel limit in this city is 100.\n\nThe hotel limit in this city is 120."
    assert contradictions(a=rows, b="The hotel limit in this city is 150.") == []


def test_series_and_generic_titles_are_no_versions() -> None:
    for title in ("Meeting minutes 2024-01-02", "README", "Overview"):
        profiles = [profile(f"{n}/x.md", title, f"Last updated: 202{n}-01-01\n{prose(n)}", {}) for n in range(3)]
        assert Comparer().contradictions(profiles, lambda _: "") == []
