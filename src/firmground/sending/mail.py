"""Mail by SMTP."""

import re
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from firmground.errors import InvalidInput, InvalidSettings, NotTaken
from firmground.outbox import Mail, is_address
from firmground.settings import MailSection, secret

_SECONDS = 20
_LONGEST = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINES = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSENT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_FOREVER = 500
"""Codes of SMTP from here on say that trying again is of no use."""


class SmtpMail:
    """The `MailSender` port: a connection for each mail, encrypted as the settings say."""

    def __init__(self, server: MailSection, *, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._trust = trust

    def check(self, address: str = "") -> None:
        if not self._server.host or not self._server.sender:
            raise InvalidSettings("no mail can be sent", "set host and sender under [mail]")
        for each in filter(None, (self._server.sender, address)):
            if not is_address(each):
                raise InvalidInput(f"{each[:100]!r} is no mail address", "write one, e.g. records@example.org")

    def send(self, mail: Mail) -> None:
        self.check(mail.to)
        password = self._password()
        try:
            with self._connected() as connection:
                if self._server.user:
                    connection.login(self._server.user, password)
                connection.send_message(_written(mail, self._server.sender), self._server.sender, [mail.to])
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = refused.recipients[mail.to]
            raise self._refused(code, said) from None
        except smtplib.SMTPSenderRefused as refused:
            raise self._not_taken(refused) from None
        except smtplib.SMTPDataError as refused:
            raise self._refused(refused.smtp_code, refused.smtp_error) from None
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_taken(error) from None

    def _password(self) -> str:
        named = self._server.password_env
        password = secret(named)
        if self._server.user and named and not password:
            raise InvalidSettings(f"password_env under [mail] names {named}, which is not set", f"set {named}")
        return password

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        trust = self._trust or ssl.create_default_context()
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=trust)
        connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        if server.security == "starttls":
            try:
                connection.starttls(context=trust)
            except BaseException:
                connection.close()
                raise
        return connection

    def _refused(self, code: int, said: bytes | str) -> NotTaken:
        """Of this mail alone."""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        final = code >= _FOREVER
        return NotTaken(
            f"the mail server {self._server.host} refused the mail ({code} {_cleaned(words)})",
            "check the address" if final else "it is tried again",
            whole=False,
            final=final,
        )

    def _not_taken(self, error: Exception) -> NotTaken:
        return NotTaken(
            f"the mail server {self._server.host} took no mail ({_cleaned(str(error)) or type(error).__name__})",
            "check [mail], and try again",
        )


def _written(mail: Mail, sender: str) -> EmailMessage:
    """Headers are one line each, whatever names are in them; the text is text and nothing else."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, mail.to
    message["Subject"] = _cleaned(mail.subject)
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9.-]', '', mail.id)}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    text = _UNSENT.sub(" ", _LINES.sub("\n", mail.text))
    message.set_content(text, cte="7bit" if text.isascii() and max(map(len, text.split("\n"))) < 900 else "quoted-printable")
    return message


def _cleaned(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST]
