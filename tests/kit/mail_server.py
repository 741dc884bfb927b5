"""A real mail server on this machine: what it was given, and how it may refuse.

async with MailServer() as server: … Settings(smtp_url=server.url)
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """Takes mail on a free port of 127.0.0.1; `answers` are given before it says yes again."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    login: tuple[bytes, bytes] | None = None
    to_recipient: deque[str] = field(default_factory=deque)
    to_letter: deque[str] = field(default_factory=deque)
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    was_secret: list[bool] = field(default_factory=list)
    """Whether each letter came over TLS."""
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=events@chapter.example"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, after a stop at the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        self._server.close()
        await self._server.wait_closed()

    def _protocol(self) -> SMTP:
        self.connections += 1
        return SMTP(
            self,
            enable_SMTPUTF8=False,
            tls_context=self.tls,
            authenticator=self._is_known if self.login else None,
            auth_required=self.login is not None,
            loop=asyncio.get_running_loop(),
        )

    def _is_known(self, *given: Any) -> AuthResult:
        word = given[-1]
        assert isinstance(word, LoginPassword)
        return AuthResult(success=(word.login, word.password) == self.login, handled=False)

    async def handle_RCPT(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.to_recipient:
            return self.to_recipient.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.to_letter:
            return self.to_letter.popleft()
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.envelopes.append((envelope.mail_from or "", envelope.rcpt_tos))
        self.was_secret.append(session.ssl is not None)
        return "250 OK"
