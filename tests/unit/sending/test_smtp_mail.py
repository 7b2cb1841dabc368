"""Mail reaches a server encrypted as the settings say; what is refused for good, for now, and for all is told apart."""

import email
import email.policy
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from servers import certificate, mailbox

from firmground.errors import InvalidInput, InvalidSettings, NotTaken
from firmground.outbox import Mail, is_address
from firmground.sending.mail import SmtpMail
from firmground.settings import MailSection

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def a_mail(**fields: Any) -> Mail:
    return Mail.model_validate({"id": "abc", "to": "ada@example.org", "subject": "One", "text": "Two\n", "at": AT} | fields)


def through(port: int, trust: ssl.SSLContext | None = None, host: str = "127.0.0.1", **fields: Any) -> SmtpMail:
    given = {"host": host, "port": port, "security": "none", "sender": "fg@example.org"} | fields
    return SmtpMail(MailSection.model_validate(given), trust=trust)


def read(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", email.message_from_bytes(raw, policy=email.policy.default))


def test_a_mail_arrives_with_an_id_that_is_the_same_each_time():
    with mailbox() as (port, there):
        for _ in range(2):
            through(port).send(a_mail())
    first, second = map(read, there.taken)
    assert (first["To"], first["From"], first["Subject"]) == ("ada@example.org", "fg@example.org", "One")
    assert first["Message-ID"] == second["Message-ID"] == "<abc@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content() == "Two\n"


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\r", "\x0b", "\u2028", "\x85", "\0"])
def test_no_name_becomes_a_header_or_ends_the_mail(sign: str):
    evil = f"Kept{sign}Bcc: eve@example.org{sign}{sign}.{sign}RCPT TO:<eve@example.org>"
    with mailbox() as (port, there):
        through(port).send(a_mail(subject=evil, text=f"a{sign}.{sign}b é\n", id=f"x>{sign}Cc: eve@example.org"))
    [mail] = map(read, there.taken)
    assert mail["Bcc"] is mail["Cc"] is None
    assert mail["Subject"].startswith("Kept")
    assert mail.get_content().endswith("b é\n")
    assert [each for each in there.commands if each.upper().startswith(b"RCPT")] == [b"rcpt TO:<ada@example.org>"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_what_is_encrypted_is_sent_only_to_whom_a_certificate_names(tmp_path: Path, security: str):
    path = certificate(tmp_path)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(path)
    trust = ssl.create_default_context(cafile=str(path))
    with mailbox(secure=secure) as (port, there):
        if security == "starttls":
            through(port, trust, "localhost", security=security, user="fg").send(a_mail())
            assert [each.split()[0].upper() for each in there.commands][:4] == [b"EHLO", b"STARTTLS", b"EHLO", b"AUTH"]
            assert len(there.taken) == 1
        with pytest.raises(NotTaken, match="took no mail"):
            through(port, None, "localhost", security=security).send(a_mail())
        with pytest.raises(NotTaken, match="took no mail"):
            through(port, trust, security=security).send(a_mail())
    assert len(there.taken) == (security == "starttls")


def test_a_server_that_encrypts_nothing_gets_nothing_where_it_should():
    with mailbox() as (port, there):
        with pytest.raises(NotTaken) as refused:
            through(port, security="starttls").send(a_mail())
        assert refused.value.whole
    assert there.taken == []


@pytest.mark.parametrize(
    ("answers", "whole", "final", "said"),
    [
        ({b"RCPT": b"550 no such user"}, False, True, r"refused the mail \(550 no such user\)"),
        ({b"RCPT": b"450 greylisted"}, False, False, r"refused the mail \(450 greylisted\)"),
        ({b".": b"554 spam"}, False, True, r"refused the mail \(554 spam\)"),
        ({b".": b"451 later"}, False, False, r"refused the mail \(451 later\)"),
        ({b"MAIL": b"550 you may not"}, True, False, "took no mail"),
        ({b"EHLO": b"500 what", b"HELO": b"421 too busy"}, True, False, "took no mail"),
    ],
)
def test_what_is_refused_is_told_apart(answers: dict[bytes, bytes], whole: bool, final: bool, said: str):
    with mailbox(answers) as (port, _), pytest.raises(NotTaken, match=said) as refused:
        through(port).send(a_mail())
    assert (refused.value.whole, refused.value.final) == (whole, final)


def test_a_password_that_is_wrong_or_not_set_is_told(monkeypatch: pytest.MonkeyPatch):
    with mailbox({b"AUTH": b"535 no"}) as (port, there):
        sender = through(port, user="fg", password_env="MAIL_PASSWORD")
        with pytest.raises(InvalidSettings, match="MAIL_PASSWORD, which is not set"):
            sender.send(a_mail())
        monkeypatch.setenv("MAIL_PASSWORD", "hidden")
        with pytest.raises(NotTaken) as refused:
            sender.send(a_mail())
    assert refused.value.whole
    assert "hidden" not in str(refused.value)
    assert there.taken == []


def test_nothing_is_sent_without_a_server_or_to_what_is_no_address():
    with pytest.raises(InvalidSettings, match="no mail can be sent"):
        SmtpMail(MailSection()).send(a_mail())
    for wrong in ("ada", "ada@", "a b@c.de", "ada@example.org\nBcc: x@y.z", "<ada@example.org>", "a@b..c", "a@-", "a@b,c@d"):
        assert not is_address(wrong)
        with pytest.raises(InvalidInput):
            through(1).send(a_mail(to=wrong))
    with pytest.raises(NotTaken) as down:
        through(1).send(a_mail())
    assert down.value.whole
