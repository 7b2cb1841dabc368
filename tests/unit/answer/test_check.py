from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmground.answer.check import Checks
from firmground.types import Locator, Passage, Scores

LEAVE = """# Annual leave

You may carry over up to 5 days into the next year. Carried-over days must be taken by 31 March; after that they lapse.

Your manager answers within 5 working days. Trips within Germany need no approval if they cost less than €460.

| Office | Annual leave | Public holidays |
|---|---|---|
| Edinburgh | 27 days | 9 days |
| Hamburg | 30 days | 10 days |

Rowan Baxter approves every purchase above £1,500. Callum Reid signs the contracts of suppliers.

The next town hall is on 21 January 2027 at 14:00 in the canteen. Call +44 131 496 0130 or write to people@example.org.
The sick pay is 4 weeks of full salary in the first year, and 8 weeks of full salary from the second year."""

URLAUB = """Sie können bis zu 3 Tage in der Woche zu Hause arbeiten. Der Antrag muss mindestens 15 Arbeitstage vorher gestellt werden.

Ohne Bescheinigung dürfen Sie nicht anfangen. Der Zuschuss beträgt 1.290 Euro. Svenja Petersen zählt am Sammelplatz."""

GARANTIE = """L'appareil est garanti 5 ans. La foudre n'est pas couverte. L'examen prend au plus 10 jours ouvrés et coûte 98 euros.

Élodie Garnier répond de 10 h à 17 h."""

GARANTIA = """El equipo tiene 5 años de garantía. Los rayos no están cubiertos.

La calibración cuesta 247 euros y tarda como mucho 10 días."""


def passage(text: str, language: str = "en", title: str = "Handbook", **more: object) -> Passage:
    return Passage.model_validate(
        {
            "passage": "p",
            "document": "d",
            "title": title,
            "uri": "u",
            "language": language,
            "locator": Locator(start=0, end=len(text)),
            "text": text,
            "score": 1.0,
            "scores": Scores(),
            **more,
        }
    )


TEXTS = {"en": LEAVE, "de": URLAUB, "fr": GARANTIE, "es": GARANTIA}


def codes(claim: str, language: str = "en", question: str = "") -> list[str]:
    return [mismatch.code for mismatch in Checks().mismatches(claim, [passage(TEXTS[language], language)], question)]


@pytest.mark.parametrize(
    ("claim", "language"),
    [
        ("You can carry over a maximum of five days into the following year.", "en"),
        ("Days carried over lapse after 31 March.", "en"),
        ("Employees in Hamburg have 30 days of annual leave and 10 public holidays.", "en"),
        ("No approval is needed for trips within Germany under €460.", "en"),
        ("According to the document, Rowan Baxter approves purchases above £1500.", "en"),
        ("The town hall takes place on 2027-01-21 at 2 pm.", "en"),
        ("Call +44 (131) 496-0130.", "en"),
        ("Your manager has to answer within five working days.", "en"),
        ('"Carried-over days must be taken by 31 March; after that they lapse."', "en"),
        ("In the first year you get 4 weeks of full salary, and 8 weeks from the second year.", "en"),
        ("Zu Hause arbeiten können Sie bis zu drei Tage pro Woche.", "de"),
        ("Sie müssen den Antrag mindestens fünfzehn Arbeitstage vorher stellen.", "de"),
        ("Der Zuschuss ist 1290 € hoch.", "de"),
        ("Frau Petersen zählt am Sammelplatz.", "de"),
        ("L'examen prend dix jours ouvrés au maximum.", "fr"),
        ("La foudre n'est pas couverte.", "fr"),
        ("La calibración tarda diez días como máximo.", "es"),
    ],
)
def test_a_faithful_sentence_has_no_mismatch(claim: str, language: str) -> None:
    assert codes(claim, language) == []


@pytest.mark.parametrize(
    ("claim", "language", "code"),
    [
        ("You may carry over up to 6 days into the next year.", "en", "number"),
        ("You may carry over up to seven days into the next year.", "en", "number"),
        ("You may carry over at least 5 days into the next year.", "en", "number"),
        ("You may carry over up to 5 weeks into the next year.", "en", "unit"),
        ("Your manager answers within 5 calendar days.", "en", "number"),
        ("Employees in Hamburg have 27 days of annual leave.", "en", "number"),
        ("In the first year you get 8 weeks of full salary, and 4 weeks of full salary from the second year.", "en", "number"),
        ("Carried-over days must be taken by 30 April.", "en", "date"),
        ("The town hall is on 21 January 2028.", "en", "date"),
        ("The town hall is at 3 pm in the canteen.", "en", "date"),
        ("The town hall in the canteen is on a Friday.", "en", "date"),
        ("Every purchase above £1,500 is approved by Vanessa Ruiz.", "en", "name"),
        ("Write to person@example.org.", "en", "name"),
        ("Call +44 131 496 0131.", "en", "name"),
        ("The next town hall uses form AB-12.", "en", "name"),
        ("You may not carry over up to 5 days into the next year.", "en", "negation"),
        ("Trips within Germany need approval if they cost less than €460.", "en", "negation"),
        ("You must carry over up to 5 days into the next year.", "en", "negation"),
        ('The handbook says "carried-over days are paid out by 31 March".', "en", "quote"),
        ("The gym next to the factory offers a discount for relatives.", "en", "coverage"),
        ("Sie können bis zu 4 Tage in der Woche zu Hause arbeiten.", "de", "number"),
        ("Der Antrag muss höchstens 15 Arbeitstage vorher gestellt werden.", "de", "number"),
        ("Der Zuschuss beträgt 1.290 Dollar.", "de", "unit"),
        ("Am Sammelplatz zählt Henning Clausen.", "de", "name"),
        ("La foudre est couverte.", "fr", "negation"),
        ("L'examen coûte 89 euros.", "fr", "number"),
        ("Los rayos están cubiertos.", "es", "negation"),
        ("El equipo tiene 5 meses de garantía.", "es", "unit"),
    ],
)
def test_what_does_not_hold_is_found(claim: str, language: str, code: str) -> None:
    assert code in codes(claim, language)


def test_a_detail_is_one_line_that_names_the_words() -> None:
    (found,) = Checks().mismatches("You may carry over up to 6 days into the next year.", [passage(LEAVE)])
    assert "6 days" in found.detail
    assert "\n" not in found.detail


def test_a_sentence_without_passages_is_not_let_through() -> None:
    assert [found.code for found in Checks().mismatches("Five days.", [])] == ["citation"]
    assert [found.code for found in Checks().against([passage(LEAVE)]).mismatches("Five days.", cited=[7, -1])] == ["citation"]


def test_only_the_cited_passages_count() -> None:
    against = Checks().against([passage(LEAVE), passage(URLAUB, "de")])
    claim = "You may carry over up to 5 days into the next year."
    assert against.mismatches(claim, cited=[0]) == ()
    assert against.mismatches(claim, cited=[1]) != ()


def test_titles_headings_and_table_headers_are_context() -> None:
    row = passage("| Hamburg | 30 |", title="Leave 2026", table_header="| Office | Days per year |\n|---|---|")
    assert Checks().mismatches("In 2026 the Hamburg office has 30 days of leave per year.", [row]) == ()
    assert [found.code for found in Checks().mismatches("The Hamburg office has 30 weeks of leave per year.", [row])] == ["unit"]


def test_words_of_the_question_are_less_suspicious() -> None:
    claim = "Sabbatical requests go to your manager."
    assert codes(claim) == ["coverage"]
    assert codes(claim, question="Where do sabbatical requests go?") == []


def test_a_denial_may_repeat_the_number_that_was_asked_for() -> None:
    question = "Can I carry over 12 days?"
    assert codes("No, not 12 days, you may carry over up to 5 days into the next year.", question=question) == []
    assert codes("Yes, you may carry over 12 days into the next year.", question=question) == ["number"]


def test_marks_of_citation_and_emphasis_are_no_words() -> None:
    assert codes("You may carry over up to **5 days** into the next year [1][2].") == []


def test_a_sentence_in_another_language_is_not_passed_as_compared() -> None:
    claim = "Resturlaub im Umfang von fünf Tagen lässt sich ins Folgejahr mitnehmen."
    assert codes(claim) == ["coverage"]
    lenient = Checks(foreign=True)
    assert lenient.mismatches(claim, [passage(LEAVE)]) == ()


def test_settings_are_fields() -> None:
    claim = "The gym next to the factory offers a discount for relatives."
    assert Checks(coverage=0.0).mismatches(claim, [passage(LEAVE)]) == ()
    assert Checks().digest != Checks(coverage=0.0).digest


def test_what_is_too_long_is_not_compared_and_not_passed() -> None:
    assert codes("Five days. " * 10_000) == ["coverage"]


def test_other_languages_are_compared_by_words_and_figures() -> None:
    text = "年次有給休暇は20日です。次の年に5日まで繰り越せます。"
    assert Checks().mismatches("次の年に5日まで繰り越せます。", [passage(text, "ja")]) == ()
    assert Checks().mismatches("次の年に7日まで繰り越せます。", [passage(text, "ja")]) != ()


PIECES = 'not no never 5 five days weeks % € £ 31 March 2026 15:00 may must up to at least | " “ ” ( ) # : . , - [1] 🙂 \ud800 \x00 İ ß'
WORDS: Sequence[str] = (*PIECES.split(" "), "Rowan", "lapse", "leave", "\n", "\n| a | b |\n|---|---|\n| 1 | 2 |\n")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), max_size=30),
    st.lists(st.sampled_from(WORDS), max_size=60),
    st.sampled_from(["en", "de", "fr", "es", "ja", ""]),
)
def test_odd_input_never_raises(claim: list[str], text: list[str], language: str) -> None:
    found = Checks().mismatches(" ".join(claim), [passage(" ".join(text), language)], " ".join(claim))
    assert all(mismatch.detail and "\n" not in mismatch.detail for mismatch in found)


@pytest.mark.parametrize(
    ("question", "claim", "code"),
    [
        ("Does Karl Meier approve purchases above £1,500?", "Karl Meier approves every purchase above £1,500.", "name"),
        (
            "May I carry over 5 days at “Initech Ltd”?",
            "At “Initech Ltd” you may carry over up to 5 days into the next year.",
            "quote",
        ),
        ("Is boss@initech.example the address?", "Write to boss@initech.example about the next town hall.", "name"),
        ("Do I carry days over at forms.initech.example?", "Carry over up to 5 days at forms.initech.example.", "name"),
    ],
    ids=["name", "quotation", "address", "host"],
)
def test_what_only_the_question_names_is_not_said_to_be_so(question: str, claim: str, code: str) -> None:
    assert code in codes(claim, question=question)


def test_a_sentence_that_denies_may_name_what_was_asked_about() -> None:
    question = "Does Karl Meier approve purchases above £1,500?"
    assert "name" not in codes("Not Karl Meier but Rowan Baxter approves every purchase above £1,500.", question=question)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=50))
def test_any_text_can_be_compared(claim: str, text: str, question: str) -> None:
    found = Checks().mismatches(claim, [passage(text), passage(text, "de")], question)
    assert all(mismatch.detail for mismatch in found)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([line for line in LEAVE.replace("\n", " ").split(". ") if "|" not in line and "#" not in line]))
def test_a_sentence_of_the_passage_has_no_mismatch(line: str) -> None:
    assert codes(line.strip(" .") + ".") == []


@pytest.mark.parametrize(
    "question",
    [
        "May every manager grant bonus shares to relatives?",
        "How long is the leave, and may every manager grant bonus shares to relatives?",
        "Say that every manager may grant bonus shares to relatives.",
    ],
)
def test_nobody_can_dictate_a_statement_by_asking_for_it(question: str) -> None:
    assert "coverage" in codes("Every manager may grant bonus shares to relatives.", question=question)


@pytest.mark.parametrize("word", ["EMAIL_A7KQMXBPAD", "EMAIL_ABCDEFGHIJ"])
def test_a_placeholder_is_compared_as_one_word_and_its_digits_bear_nothing_out(word: str):
    evidence = [passage(f"Rooms are kept for visitors by {word}.")]
    assert Checks().mismatches(f"Rooms are kept for visitors by {word}.", evidence) == ()
    other = Checks().mismatches("Rooms are kept for visitors by EMAIL_KEPTFORYOU.", evidence)
    assert "name" in {mismatch.code for mismatch in other}
    wrong = Checks().mismatches("Rooms are kept for 7 visitors.", evidence)
    assert [mismatch.code for mismatch in wrong] == ["number"]
