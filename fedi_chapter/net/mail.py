"""Mail: one letter to one person, through the operator's own server.

Called by `federation.telling` for each notice that goes by mail, and by `doctor`. The words are
made elsewhere; here they become a message no field of which can smuggle in another, and the
server's answers become errors that say whether to try again.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Protocol

import aiosmtplib
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from fedi_chapter.core.errors import BadInput, RemoteRefused, Unreachable
from fedi_chapter.core.smtp import SmtpServer, is_mail_address
from fedi_chapter.core.text import one_line

DEADLINE = 30.0
"""Seconds each answer of the mail server may take."""
WHOLE_TALK = 180.0
"""Seconds the whole talk with it may take: less than a notice is leased for."""
LONGEST_LINE = 200
"""Characters of a subject or a name."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463
_SEVEN_BIT = SMTP.clone(cte_type="7bit")  # any server takes it
_ON_THE_WIRE = _SEVEN_BIT.clone(max_line_length=900)  # a long link in a header stays whole


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar file with what it asks the reader's calendar to do (iTIP, RFC 5546)."""

    method: str
    """`REQUEST` or `CANCEL`."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person."""

    id: str
    """The same letter sent twice has the same: mailboxes show it once."""
    to: str
    from_name: str
    subject: str
    text: str
    at: datetime
    stop_url: str
    """Where one POST ends all mail (RFC 8058)."""
    invitation: Invitation | None = None


class Mailer(Protocol):
    """A way for mail to go out."""

    @property
    def sender(self) -> str:
        """The mail address in From."""
        ...

    async def send(self, letter: Letter) -> None:
        """Hand over one letter.

        Raises:
            Unreachable: not now; try again.
            RemoteRefused: never.

        """
        ...

    async def probe(self) -> None:
        """Connect and sign in as for a letter, and send none; raises as `send` does."""
        ...


class SmtpMailer:
    """Mail by SMTP, over TLS wherever the server offers it or a password travels."""

    def __init__(self, server: SmtpServer, *, tls: ssl.SSLContext, name: str) -> None:
        """Send through `server`; `name` is what we call ourselves in EHLO and Message-ID."""
        self._server = server
        self._tls = tls
        self._name = name

    @property
    def sender(self) -> str:
        """The mail address in From."""
        return self._server.sender

    async def send(self, letter: Letter) -> None:
        """Hand over one letter.

        Raises:
            Unreachable: no connection, no sign-in, or "not now" (4xx).
            RemoteRefused: the server will never take it (5xx).
            BadInput: it can't be written as mail.

        """
        message = write(letter, self.sender, self._name)
        body = message.as_bytes(policy=_ON_THE_WIRE)
        async with self._connected() as client:
            await client.sendmail(self.sender, [letter.to], body)

    async def probe(self) -> None:
        """Connect and sign in as for a letter, and send none; raises as `send` does."""
        async with self._connected() as client:
            await client.noop()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._name,
            timeout=DEADLINE,
            use_tls=server.is_tls,
            start_tls=_start_tls(server),
            tls_context=self._tls,
        )
        try:
            async with asyncio.timeout(WHOLE_TALK), client:
                yield client
        except (SMTPException, OSError) as error:
            # The library's own words may name the reader, and errors are logged.
            raise _judged(error, f"{server.host}:{server.port}") from None


def _start_tls(server: SmtpServer) -> bool | None:
    """Return whether TLS must, must not, or may follow a plain beginning.

    On this machine it is left out: local servers offer it with certificates nobody can check.
    """
    if server.is_tls or server.is_here:
        return False
    return True if server.needs_tls else None


def _judged(error: Exception, where: str) -> Unreachable | RemoteRefused:
    """Return whether another try may help.

    Only what the server says of this reader or this letter is final; a refused password or
    sender is for the operator to mend, and mail waits for it.
    """
    about_it = error.recipients[0] if isinstance(error, SMTPRecipientsRefused) else error
    if not isinstance(about_it, SMTPResponseException):
        return Unreachable(f"{where}: {type(error).__name__}: {one_line(str(error), LONGEST_LINE)}")
    enhanced = _ENHANCED.match(about_it.message)
    said = f"{type(about_it).__name__} {about_it.code} {enhanced[0] if enhanced else ''}".rstrip()
    is_final = isinstance(about_it, SMTPDataError | SMTPRecipientRefused) and about_it.code >= 500
    if is_final:
        return RemoteRefused(f"{where} refused: {said}", answer=about_it.code)
    return Unreachable(f"{where}: {said}")


def write(letter: Letter, sender: str, name: str) -> EmailMessage:
    """Return the letter as a message; `name` is the domain of its Message-ID.

    Raises:
        BadInput: the reader's address is none.

    """
    if not is_mail_address(letter.to):
        raise BadInput("this is not a mail address")
    message = EmailMessage(policy=_SEVEN_BIT)
    message["From"] = Address(one_line(letter.from_name, LONGEST_LINE), addr_spec=sender)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = one_line(letter.subject, LONGEST_LINE)
    message["Date"] = letter.at
    message["Message-ID"] = f"<{letter.id}@{name}>"
    message["Auto-Submitted"] = "auto-generated"  # no answering machine answers (RFC 3834)
    message["List-Unsubscribe"] = f"<{letter.stop_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    if letter.invitation is not None:
        _invite(message, letter.invitation)
    return message


def _invite(message: EmailMessage, invitation: Invitation) -> None:
    """Add the calendar file twice: for programs that act on it, and as a file for all others."""
    params = {"method": invitation.method, "charset": "utf-8"}
    message.add_alternative(invitation.body, "text", "calendar", params=params, cte="base64")
    message.add_attachment(
        invitation.body, "application", "ics", filename="event.ics", cte="base64"
    )
