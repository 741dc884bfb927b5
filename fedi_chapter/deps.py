"""What an edge is handed: settings, clock, database, the ways out.

Built once by `opening`, handed down; nobody keeps a global one. A test builds it with a set
clock and its own database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.ids import Ids
from fedi_chapter.core.metrics import Metrics
from fedi_chapter.domain.chapter import LocalActor, StoredKey
from fedi_chapter.domain.urls import Urls
from fedi_chapter.media.cards import Cards
from fedi_chapter.net.ask import Asker
from fedi_chapter.net.fetch import Fetcher
from fedi_chapter.net.mail import Mailer
from fedi_chapter.net.memory import FetchMemory
from fedi_chapter.net.post import Poster
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, SigningKey
from fedi_chapter.sig.links import Links
from fedi_chapter.store.tx import Database


@dataclass(frozen=True, slots=True)
class CurrentKey:
    """A key as it is stored, and opened to sign with."""

    actor: LocalActor
    stored: StoredKey
    opened: SigningKey
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that is made once and used everywhere."""

    settings: Settings
    clock: Clock
    ids: Ids
    urls: Urls
    db: Database
    keys: KeyRing
    links: Links
    fetcher: Fetcher
    poster: Poster
    asker: Asker
    mailer: Mailer | None = None
    """None when mail is off."""
    metrics: Metrics = field(default_factory=Metrics)
    cards: Cards = field(default_factory=Cards)
    fetches: FetchMemory = field(default_factory=FetchMemory)
    signing: dict[str, CurrentKey] = field(default_factory=dict)
    """The key each actor of ours signs with, opened: `federation.signing`'s."""

    def mail_trace(self, address: str) -> str:
        """Return what stands for a mailbox, however it is spelled, where no address is kept."""
        return self.links.fingerprint("mail", address.lower())

    @property
    def trace_of_mail(self) -> Callable[[str], str] | None:
        """How mailboxes are recognised that want no mail; None when mail is off."""
        return self.mail_trace if self.mailer is not None else None
