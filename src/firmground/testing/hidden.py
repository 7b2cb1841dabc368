"""The contract of `Database` on what placeholders stand for."""
# ruff: noqa: S101 - a contract suite asserts

import pytest

from firmground.errors import FirmgroundError
from firmground.ports import Database
from firmground.redaction import HiddenValue
from firmground.testing.documents import a_document
from firmground.testing.traces import a_passage, a_trace


def a_value(placeholder: str = "EMAIL_AAAAAAAAAA", sealed: str = "c2VhbGVk", kind: str = "email") -> HiddenValue:
    return HiddenValue(placeholder=placeholder, kind=kind, sealed=sealed)


class HiddenValuesContract:
    """Needs the fixture `database`."""

    def test_values_of_a_document_replace_those_before_and_are_found_by_placeholder(self, database: Database):
        one, two, three = a_value("EMAIL_A"), a_value("IBAN_B", kind="iban"), a_value("EMAIL_C", sealed="ÿ\n'")
        with database.transaction() as tx:
            first = tx.save_document(a_document("a", id="a"), "Write to EMAIL_A.").number
            second = tx.save_document(a_document("b", id="b"), "Pay to IBAN_B.").number
            tx.hide_in_document(first, [three, one])
            tx.hide_in_document(second, [two, one])
            assert tx.hidden_in_documents([first, second, 999]) == {first: [one, three], second: [one, two]}
            assert tx.hidden_in_documents([first, second], {"IBAN_B", "EMAIL_X"}) == {second: [two]}
            assert tx.hidden_in_documents([], {"IBAN_B"}) == {}
            tx.hide_in_document(first, [two])
            assert tx.hidden_in_documents([first, second]) == {first: [two], second: [one, two]}
            tx.hide_in_document(first, [])
            assert tx.hidden_in_documents([first]) == {}

    def test_values_of_documents_by_id_are_told_with_where_each_belongs(self, database: Database):
        one, two = a_value("EMAIL_A"), a_value("IBAN_B", kind="iban")
        with database.transaction() as tx:
            for document in (a_document("b", id="b"), a_document("a", id="a", source="wiki", groups=("hr",))):
                tx.hide_in_document(tx.save_document(document, "Write to EMAIL_A.").number, [two, one])
            everyone, hr = tx.scope(["everyone"]), tx.scope(["hr"])
            first, second = ("handbook", everyone), ("wiki", hr)
            assert tx.hidden_in_named(["a", "b", "c"]) == [(*first, one), (*first, two), (*second, one), (*second, two)]
            assert tx.hidden_in_named({"a"}, {"EMAIL_A", "EMAIL_X"}) == [(*second, one)]
            assert tx.hidden_in_named({"a", "b"}, {f"EMAIL_{number}" for number in range(1000)} | {"IBAN_B"}) == [
                (*first, two),
                (*second, two),
            ]
            assert tx.hidden_in_named([], {"IBAN_B"}) == []

    def test_it_is_known_where_a_value_is_hidden_in_what_can_be_asked(self, database: Database):
        with database.transaction() as tx:
            for document in (
                a_document("a"),
                a_document("b", groups=("hr",)),
                a_document("c", source="wiki"),
                a_document("d", state="quarantined", groups=("law",)),
            ):
                tx.hide_in_document(tx.save_document(document, "Write to EMAIL_A.").number, [a_value("EMAIL_A")])
            everyone, hr = tx.scope(["everyone"]), tx.scope(["hr"])
            assert tx.where_hidden(["EMAIL_A", "EMAIL_B"]) == {
                "EMAIL_A": {("handbook", everyone), ("handbook", hr), ("wiki", everyone)}
            }
            assert tx.where_hidden([]) == {}

    def test_thousands_are_kept_and_found_among_thousands(self, database: Database):
        many = [a_value(f"PHONE_{number:05}", sealed=str(number)) for number in range(3000)]
        with database.transaction() as tx:
            number = tx.save_document(a_document("a", id="a"), "Numbers.").number
            tx.hide_in_document(number, many)
        with database.reading() as tx:
            assert tx.hidden_in_documents([number]) == {number: many}
            assert tx.hidden_in_documents([number], {each.placeholder for each in many[:1000]}) == {number: many[:1000]}

    @pytest.mark.parametrize("way", ["another text", "the same text", "no text", "removed"])
    def test_values_go_with_the_text_that_they_are_of(self, database: Database, way: str):
        with database.transaction() as tx:
            number = tx.save_document(a_document("a", id="a"), "Write to EMAIL_A.").number
            other = tx.save_document(a_document("b", id="b"), "Write to EMAIL_A.").number
            for each in (number, other):
                tx.hide_in_document(each, [a_value("EMAIL_A")])
        with database.transaction() as tx:
            document = tx.document("a")
            assert document is not None
            if way == "removed":
                tx.remove_documents(["a"])
            else:
                tx.save_document(document, {"another text": "Write.", "the same text": "Write to EMAIL_A.", "no text": ""}[way])
        with database.reading() as tx:
            assert tx.hidden_in_documents([number, other]) == {other: [a_value("EMAIL_A")]}

    def test_values_stay_while_only_what_is_known_of_their_document_changes(self, database: Database):
        with database.transaction() as tx:
            document = tx.save_document(a_document("a", id="a"), "Write to EMAIL_A.")
            tx.hide_in_document(document.number, [a_value("EMAIL_A")])
            tx.save_document(document.model_copy(update={"uri": "moved.md", "title": "Moved", "groups": ("hr",)}))
            assert tx.hidden_in_documents([document.number]) == {document.number: [a_value("EMAIL_A")]}

    def test_values_are_of_a_document_that_there_is(self, database: Database):
        with pytest.raises(FirmgroundError), database.transaction() as tx:
            tx.hide_in_document(7, [a_value()])

    def test_values_of_an_answer_go_with_it(self, database: Database):
        with database.transaction() as tx:
            for id in ("1", "2"):
                tx.save_trace(a_trace(id, a_passage("a"), person="ada"))
                tx.hide_in_answer(id, [a_value("EMAIL_B"), a_value("EMAIL_A")])
            tx.hide_in_answer("1", [a_value("EMAIL_C")])
            assert tx.hidden_in_answers(["1", "3"]) == {"1": [a_value("EMAIL_C")]}
            tx.drop_traces(["1"])
            assert tx.hidden_in_answers(["1", "2"]) == {"2": [a_value("EMAIL_A"), a_value("EMAIL_B")]}

    def test_values_of_an_opinion_are_of_one_person_and_go_with_it(self, database: Database):
        with database.transaction() as tx:
            for id in ("1", "2"):
                tx.save_trace(a_trace(id, a_passage("a"), person="ada"))
                for person in ("ada", "bob"):
                    tx.hide_in_opinion(id, person, [a_value("EMAIL_B", sealed=person)])
            tx.hide_in_opinion("1", "ada", [a_value("EMAIL_C")])
            assert tx.hidden_in_opinions(["1", "2"], "ada") == {
                "1": [a_value("EMAIL_C")],
                "2": [a_value("EMAIL_B", sealed="ada")],
            }
            assert tx.hidden_in_opinions(["1"], "bob") == {"1": [a_value("EMAIL_B", sealed="bob")]}
            tx.drop_comments(["2"])
            assert tx.hidden_in_opinions(["1", "2"], "bob").keys() == {"1"}
            tx.drop_person_data("bob")
            assert tx.hidden_in_opinions(["1", "2"], "bob") == {}
            tx.drop_traces(["1"])
            assert tx.hidden_in_opinions(["1", "2"], "ada") == {}

    def test_values_are_part_of_a_dump(self, database: Database):
        with database.transaction() as tx:
            number = tx.save_document(a_document("a", id="a"), "Write to EMAIL_A.").number
            tx.hide_in_document(number, [a_value("EMAIL_A", sealed="4pyT")])
        said: list[bytes] = []
        with database.reading() as tx:
            tables = tx.dump(said.append)
        assert tables["document_values"] == 1
        assert b"4pyT" in b"".join(said)
