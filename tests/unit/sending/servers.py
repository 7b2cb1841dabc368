"""A mail server and a web server of this machine that do what a test wants."""

import datetime
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path) -> Path:
    """Key and certificate of `localhost`, for a test alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs. `answers`: what it says instead of fine, by the beginning of a command."""

    taken: ClassVar[list[bytes]]
    commands: ClassVar[list[bytes]]
    answers: ClassVar[dict[bytes, bytes]]
    secure: ClassVar[ssl.SSLContext | None]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            self.commands.append(line.strip())
            said = next((self.answers[each] for each in self.answers if line.upper().startswith(each)), b"")
            if said:
                self.wfile.write(said + b"\r\n")
            elif line.upper().startswith(b"EHLO"):
                encrypts = self.secure is not None and not isinstance(self.connection, ssl.SSLSocket)
                self.wfile.write(
                    b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n" if encrypts else b"250-here\r\n250 AUTH PLAIN\r\n"
                )
            elif line.upper().startswith(b"STARTTLS") and self.secure is not None:
                self.wfile.write(b"220 go on\r\n")
                if not self.encrypted(self.secure):
                    return
            elif line.upper().startswith(b"DATA"):
                self.receive()
            elif line.upper().startswith(b"AUTH"):
                self.wfile.write(b"235 in\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")

    def encrypted(self, secure: ssl.SSLContext) -> bool:
        try:
            self.connection = secure.wrap_socket(self.connection, server_side=True)
        except OSError:
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = socketserver._SocketWriter(self.connection)
        return True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def receive(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines: list[bytes] = []
        while (each := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(each.removeprefix(b".").replace(b"\r\n", b"\n"))
        self.taken.append(b"".join(lines))
        self.wfile.write(self.answers.get(b".", b"250 taken") + b"\r\n")


@contextmanager
def mailbox(
    answers: dict[bytes, bytes] | None = None, secure: ssl.SSLContext | None = None
) -> Iterator[tuple[int, type[Mailbox]]]:
    kind = type("Here", (Mailbox,), {"taken": [], "commands": [], "answers": answers or {}, "secure": secure})
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind)) as port:
        yield port, kind


class Site(BaseHTTPRequestHandler):
    """Keeps what it is sent; `reply` writes the answer."""

    got: ClassVar[list[tuple[str, dict[str, str], bytes]]]
    reply: ClassVar[Callable[[BaseHTTPRequestHandler], None]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        type(self).reply(self)

    def log_message(self, *_: object) -> None:
        """Silent."""


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def reply(site: BaseHTTPRequestHandler) -> None:
        site.send_response(code)
        for name, value in headers.items():
            site.send_header(name.replace("_", "-"), value)
        site.send_header("Content-Length", str(len(body)))
        site.end_headers()
        site.wfile.write(body)

    return reply


@contextmanager
def site(
    reply: Callable[[BaseHTTPRequestHandler], None], secure: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[tuple[str, dict[str, str], bytes]]]]:
    kind = type("There", (Site,), {"got": [], "reply": staticmethod(reply)})
    server = HTTPServer(("127.0.0.1", 0), kind)
    if secure is not None:
        server.socket = secure.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port, kind.got


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
