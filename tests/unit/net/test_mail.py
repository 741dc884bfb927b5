"""Mail over a real connection: one letter to one person, and what the server's answers mean."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.errors import BadInput, RemoteRefused, Unreachable
from fedi_chapter.core.smtp import SmtpServer, parse_smtp_url
from fedi_chapter.net import tls
from fedi_chapter.net.mail import Invitation, Letter, SmtpMailer, write
from tests.kit.mail_server import MailServer

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="01932000-0000-7000-8000-0000000000d1",
    to="ana@example.org",
    from_name="Minneapolis Chapter",
    subject="See you there!",
    text="Höchste Zeit.\n",
    at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
    stop_url="https://chapter.example/mail/stop/" + "t" * 90,
)


def mailer(server: SmtpServer, extra_ca: Path | None = None) -> SmtpMailer:
    return SmtpMailer(server, tls=tls.context(extra_ca, speaks=()), name="chapter.example")


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as made:
        yield made


async def test_a_letter_arrives_whole(server: MailServer) -> None:
    await mailer(parse_smtp_url(server.url)).send(LETTER)
    assert server.envelopes == [("events@chapter.example", ["ana@example.org"])]
    (letter,) = server.letters
    assert letter["from"] == "Minneapolis Chapter <events@chapter.example>"
    assert letter["to"] == "ana@example.org"
    assert letter["subject"] == "See you there!"
    assert letter["message-id"] == "<01932000-0000-7000-8000-0000000000d1@chapter.example>"
    assert letter["date"] == "Sat, 21 Nov 2026 12:00:00 +0000"
    assert letter["auto-submitted"] == "auto-generated"
    assert letter.get_content().splitlines() == ["Höchste Zeit."]


async def test_one_click_ends_it(server: MailServer) -> None:
    await mailer(parse_smtp_url(server.url)).send(LETTER)
    (letter,) = server.letters
    assert letter["list-unsubscribe"] == f"<{LETTER.stop_url}>"
    assert letter["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"


async def test_an_invitation_is_there_for_programs_and_as_a_file(server: MailServer) -> None:
    body = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    invitation = Invitation("REQUEST", body)
    await mailer(parse_smtp_url(server.url)).send(replace(LETTER, invitation=invitation))
    parts = [each for each in server.letters[0].walk() if not each.is_multipart()]
    assert [each.get_content_type() for each in parts] == [
        "text/plain",
        "text/calendar",
        "application/ics",
    ]
    assert parts[1].get_param("method") == "REQUEST"
    assert parts[1].get_payload(decode=True) == body
    assert parts[2].get_filename() == "event.ics"
    assert parts[2].get_payload(decode=True) == body


@given(text=st.text(max_size=60))
def test_nothing_written_in_a_field_becomes_another_field(text: str) -> None:
    plain = write(LETTER, "events@chapter.example", "chapter.example")
    evil = f"x\r\nBcc: all@example.org\r\n\r\n{text}"
    written = write(
        replace(LETTER, subject=evil, from_name=evil), "events@chapter.example", "chapter.example"
    )
    assert written.keys() == plain.keys()
    head = written.as_bytes(policy=policy.SMTP).partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org\r\nBcc: all@example.org",
        "ana@example.org, ben@example.org",
        "Ana <ana@example.org>",
        "ana",
        "@",
        "",
        "anä@example.org",
        "ana@example.org\x00",
    ],
)
async def test_what_is_not_one_address_is_written_to_never(
    server: MailServer, address: str
) -> None:
    with pytest.raises(BadInput):
        await mailer(parse_smtp_url(server.url)).send(replace(LETTER, to=address))
    assert server.letters == []


@pytest.mark.parametrize("said", ["451 4.3.0 later", "421 4.7.0 <ana@example.org> too fast"])
async def test_not_now_means_later(server: MailServer, said: str) -> None:
    server.to_recipient.append(said)
    with pytest.raises(Unreachable) as caught:
        await mailer(parse_smtp_url(server.url)).send(LETTER)
    assert caught.value.retry
    assert "ana@" not in caught.value.message
    server.to_letter.append(said)
    with pytest.raises(Unreachable):
        await mailer(parse_smtp_url(server.url)).send(LETTER)
    await mailer(parse_smtp_url(server.url)).send(LETTER)
    assert len(server.letters) == 1


@pytest.mark.parametrize("queue", ["to_recipient", "to_letter"])
async def test_never_means_never_and_the_log_does_not_name_the_reader(
    server: MailServer, queue: str
) -> None:
    getattr(server, queue).append("550 5.1.1 <ana@example.org>: nobody here")
    with pytest.raises(RemoteRefused) as caught:
        await mailer(parse_smtp_url(server.url)).send(LETTER)
    assert not caught.value.retry
    assert "550 5.1.1" in caught.value.message
    assert "ana" not in caught.value.message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_server_that_is_away_is_tried_again(server: MailServer) -> None:
    await server.stop()
    with pytest.raises(Unreachable):
        await mailer(parse_smtp_url(server.url)).send(LETTER)
    await server.start()
    await mailer(parse_smtp_url(server.url)).send(LETTER)
    assert len(server.letters) == 1


async def test_the_doctor_knocks_without_a_letter(server: MailServer) -> None:
    await mailer(parse_smtp_url(server.url)).probe()
    assert server.connections == 1
    assert server.letters == []


# -- TLS and passwords -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1, and a server's context with it."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("mail") / "mail.pem"
    pem = made.public_bytes(serialization.Encoding.PEM)
    file.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def as_if_far_away(server: MailServer, **more: object) -> SmtpServer:
    """The server's address, as if it were not on this machine."""

    class FarAway(SmtpServer):
        __slots__ = ()
        is_here = False

    known = parse_smtp_url(server.url)
    return FarAway(
        known.host,
        known.port,
        known.sender,
        is_tls=False,
        **more,  # type: ignore[arg-type]
    )


async def test_starttls_is_used_where_it_is_offered(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    async with MailServer(tls=certificate[1]) as server:
        await mailer(as_if_far_away(server), certificate[0]).send(LETTER)
        assert server.was_secret == [True]
        with pytest.raises(Unreachable):
            await mailer(as_if_far_away(server)).send(LETTER)  # who signed that certificate?
    async with MailServer() as server:
        await mailer(as_if_far_away(server)).send(LETTER)
        assert server.was_secret == [False]


async def test_no_password_travels_in_the_clear(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    login = {"user": "sam", "password": "secret"}
    async with MailServer() as server:
        with pytest.raises(Unreachable):
            await mailer(as_if_far_away(server, **login)).send(LETTER)
        assert server.letters == []
    async with MailServer(tls=certificate[1], login=(b"sam", b"secret")) as server:
        await mailer(as_if_far_away(server, **login), certificate[0]).send(LETTER)
        assert len(server.letters) == 1
        wrong = as_if_far_away(server, user="sam", password="wrong")
        with pytest.raises(Unreachable, match="535") as caught:
            await mailer(wrong, certificate[0]).send(LETTER)
        assert "wrong" not in caught.value.message
