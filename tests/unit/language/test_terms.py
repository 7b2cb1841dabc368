import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.terms import query_terms, query_words, terms


def meets(question: str, document: str, language: str) -> bool:
    return bool(set(query_terms(question, [language])) & set(terms(document, language)))


@pytest.mark.parametrize(
    ("question", "document", "language"),
    [
        ("expense report", "Expenses are reported monthly.", "en"),
        ("AB123", "Form AB-123 applies.", "en"),
        ("AB 123", "Form AB-123 applies.", "en"),
        ("follow up", "A follow-up is due.", "en"),
        ("followup", "A follow-up is due.", "en"),
        ("python 3.11", "Needs Python 3.11.2.", "en"),
        ("hr@example.org", "Write to HR@Example.org.", "en"),
        ("max tokens", "Set max_tokens to 5.", "en"),
        ("max_tokens", "Set maxTokens to 5.", "en"),
        ("1000", "At most 1,000 EUR.", "en"),
        ("ﬁle", "The file.", "en"),
        ("resume", "Your résumé, please.", "en"),
        ("Müller", "Frau Mueller weiß es.", "de"),
        ("STRASSE", "Die Straße.", "de"),
        ("Urlaub", "Die Urlaubstage verfallen.", "de"),
        ("Antrag", "Der Urlaubsantrag liegt bei.", "de"),
        ("Reise", "Die Reisekostenabrechnung.", "de"),
        ("entreprise", "L’entreprise paie.", "fr"),
        ("conges", "Les congés payés.", "fr"),
        ("vacación", "Las vacaciones.", "es"),
        ("年假", "员工年假为十天。", "zh"),
        ("การลา", "นโยบายการลางาน", "th"),
        ("कर्मचारी", "सभी कर्मचारी।", "hi"),
        ("محمد", "قال مُحَمَّد", "ar"),
    ],
)
def test_question_and_document_meet(question: str, document: str, language: str) -> None:
    assert meets(question, document, language)


def test_languages_named_by_a_sign_stay_apart() -> None:
    assert terms("C, C++ and C#", "en") == ["c", "c++", "c#"]


def test_stop_words_are_left_out_of_documents() -> None:
    assert terms("This is what they have been doing", "en") == []
    assert terms("Das ist nicht alles", "de") == []


def test_an_unknown_language_is_folded_but_not_stemmed() -> None:
    assert terms("Réunions Annuelles", "") == ["reunions", "annuelles"]


def test_a_question_is_analysed_in_every_language_of_the_corpus_once() -> None:
    found = query_terms("vacation policies", ["en", "", "en"])
    assert found == ["vacat", "vacation", "polici", "policies"]


def test_stop_words_of_the_questions_own_language_go_even_when_others_know_them_not() -> None:
    assert "wie" not in query_terms("Wie viele Urlaubstage habe ich?", ["en", "de"])


def test_a_question_of_stop_words_alone_keeps_them() -> None:
    assert query_terms("To be or not to be?", ["en"]) == ["to", "be", "or", "not"]


def test_a_question_without_a_word_has_no_terms() -> None:
    assert query_terms("?!…", ["en", "de"]) == []


def test_a_giant_token_is_cut() -> None:
    assert all(len(term) <= 64 for term in terms("x" * 100_000, "en"))


@given(st.text(), st.sampled_from(["", "en", "de", "tr", "zh"]))
def test_no_term_is_empty_or_holds_white_space(text: str, language: str) -> None:
    assert all(term and not any(map(str.isspace, term)) for term in terms(text, language))


@given(st.text())
def test_every_term_of_a_document_is_found_by_the_document_as_question(text: str) -> None:
    assert set(terms(text, "en")) <= set(query_terms(text, ["en"])) | set(terms("", "en"))


def test_threads_share_the_analysis() -> None:
    text = " ".join(f"Bewerbung{n}s Erstattungen" for n in range(500))
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(terms(text, "de"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(each == terms(text, "de") for each in found)


def test_the_terms_of_one_word_of_a_question_stay_together() -> None:
    assert query_words("cross-section of a cable", ["en"]) == [("crosssect", "cross", "section"), ("cabl",)]
    assert query_words("Reisekosten im Ausland", ["de"])[0][1:] == ("reis", "kost")
    for question, languages in (("what is it", ["en"]), ("Wo ist die AB-123?", ["de", "en"]), ("", ["en"])):
        assert query_terms(question, languages) == list(
            dict.fromkeys(term for word in query_words(question, languages) for term in word)
        )
