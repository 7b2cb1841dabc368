"""Whoever writes an address confirms that it is theirs; before that it gets one mail, and nothing else."""

from pathlib import Path

import pytest
from notified import a_bench, later, tell, told

from firmground.app.access.links import LinkIsOver
from firmground.app.app import App
from firmground.app.notifying import confirming, contacts
from firmground.app.notifying.delivering import deliver_now
from firmground.errors import NotTaken, Refused
from firmground.outbox import Contact
from firmground.settings import MailSection, WorkspaceSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor

UNA = Actor(person="una", via="http")
ROB = Actor(person="rob", via="http", role="reviewer")


def secret_of(bench: Bench, number: int = -1) -> str:
    return bench.mail_.sent[number].text.partition("token=")[2].split()[0]


def contact(app: App, person: str = "una") -> Contact:
    with app.database.reading() as tx:
        return tx.contact(person)


def test_what_concerns_somebody_goes_to_the_address_that_they_confirmed_and_to_no_other(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        contacts.choose(app, UNA, address="new@example.org")
        tell(app, "review.decided", person="una")
        deliver_now(app)
        assert [each.to for each in bench.mail_.sent] == ["new@example.org", "una@example.org"]
        assert "review" not in bench.mail_.sent[0].text
        confirming.confirm(app, UNA, secret_of(bench, 0))
        tell(app, "review.decided", about="other", person="una")
        deliver_now(app)
        assert bench.mail_.sent[-1].to == "new@example.org"


def test_who_never_confirmed_an_address_gets_no_mail(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        contacts.choose(app, UNA, address="")
        contacts.choose(app, UNA, address="victim@example.org")
        tell(app, "review.decided", person="una")
        deliver_now(app)
        assert [each.to for each in bench.mail_.sent] == ["victim@example.org"]
        assert {each.channel for each in told(app)} == {"page"}


def test_a_link_is_good_once_for_a_day_for_its_person_and_for_the_address_that_waits(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        contacts.choose(app, UNA, address="new@example.org")
        secret = secret_of(bench)
        assert secret not in contact(app).model_dump_json()
        for who, wrong in ((ROB, secret), (UNA, secret + "x"), (UNA, "")):
            with pytest.raises(LinkIsOver):
                confirming.confirm(app, who, wrong)
        assert confirming.look(app, UNA, secret) == "new@example.org"
        contacts.choose(app, UNA, address="other@example.org")
        with pytest.raises(LinkIsOver):
            confirming.confirm(app, UNA, secret)
        later(bench, hours=24)
        with pytest.raises(LinkIsOver):
            confirming.confirm(app, UNA, secret_of(bench))
        confirming.ask_again(app, UNA)
        confirming.confirm(app, UNA, secret_of(bench))
        with pytest.raises(LinkIsOver):
            confirming.confirm(app, UNA, secret_of(bench))
        assert (contact(app).address, contact(app).waiting) == ("other@example.org", "")


def test_one_person_has_no_more_than_five_such_mails_sent_in_a_day(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        for n in range(confirming.MOST):
            contacts.choose(app, UNA, address=f"victim{n}@example.org")
        for more in (lambda: contacts.choose(app, UNA, address="x@example.org"), lambda: confirming.ask_again(app, UNA)):
            with pytest.raises(Refused, match="5 mails were sent"):
                more()
        assert len(bench.mail_.sent) == confirming.MOST
        contacts.choose(app, UNA, address="")
        with pytest.raises(Refused, match="5 mails were sent"):
            contacts.choose(app, UNA, address="x@example.org")
        later(bench, hours=25)
        contacts.choose(app, UNA, address="x@example.org")
        assert len(contact(app).asked) == 1


def test_to_change_how_often_sends_no_mail_and_to_go_back_needs_no_link(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        contacts.choose(app, UNA, address="new@example.org")
        contacts.choose(app, UNA, address="new@example.org", mail="daily")
        assert len(bench.mail_.sent) == 1
        contacts.choose(app, UNA, address="una@example.org")
        assert (contact(app).address, contact(app).waiting, len(bench.mail_.sent)) == ("una@example.org", "", 1)


def test_an_administrator_answers_for_the_address_that_they_write(tmp_path: Path):
    bench = a_bench(tmp_path)
    with bench.app() as app:
        contacts.choose(app, UNA, address="new@example.org")
        contacts.choose(app, ADMINISTRATOR, "una", address="una@work.example.org")
        assert (contact(app).address, contact(app).waiting) == ("una@work.example.org", "")
        with app.database.reading() as tx:
            details = [each.detail for each in tx.entries(kinds=["contact.changed"])]
    assert details == [
        {"mail": "at_once", "address": True, "waiting": True},
        {"mail": "at_once", "address": True, "confirmed_by": "an administrator"},
    ]


def test_where_no_mail_is_set_up_the_address_waits_and_sending_says_so(tmp_path: Path):
    bench = a_bench(tmp_path)
    bench.settings = bench.settings.model_copy(update={"mail": MailSection()})
    with bench.app() as app:
        assert contacts.choose(app, UNA, address="new@example.org").waiting == "new@example.org"
        assert bench.mail_.sent == []


def test_a_mail_that_cannot_be_sent_is_told_and_the_address_waits(tmp_path: Path):
    bench = a_bench(tmp_path)
    bench.mail_.refuses[""] = NotTaken("the mail server took no mail", "try again")
    with bench.app() as app:
        with pytest.raises(NotTaken):
            contacts.choose(app, UNA, address="new@example.org")
        assert contact(app).waiting == "new@example.org"
        bench.mail_.refuses.clear()
        later(bench, minutes=1)
        confirming.ask_again(app, UNA)
        assert confirming.confirm(app, UNA, secret_of(bench)).address == "new@example.org"


def test_mails_are_in_the_language_that_somebody_chose_on_the_pages_else_in_that_of_the_workspace(tmp_path: Path):
    bench = a_bench(tmp_path)
    bench.settings = bench.settings.model_copy(update={"workspace": WorkspaceSection(name="Handbuch", language="de")})
    with bench.app() as app:
        contacts.speaks(app, ROB, "en")
        for person in ("una", "rob"):
            tell(app, "review.decided", person=person)
        deliver_now(app)
        subjects = {each.to: each.subject.partition("] ")[2] for each in bench.mail_.sent}
        assert subjects == {
            "una@example.org": "Jemand hat sich eine Ihrer Antworten angesehen",
            "rob@example.org": "A person looked at an answer of yours",
        }
        assert "weil es Sie betrifft" in next(each.text for each in bench.mail_.sent if each.to == "una@example.org")
        contacts.choose(app, UNA, address="new@example.org")
        assert bench.mail_.sent[-1].subject.endswith("Bestätigen Sie Ihre Adresse")
