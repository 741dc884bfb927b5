"""What an edge is handed: settings, clock, database, the ways out.

Built once by `app`, handed down; nobody keeps a global one. A test builds it with a set
clock and its own database.
"""

from dataclasses import dataclass, field

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.ids import Ids
from fedi_chapter.core.metrics import Metrics
from fedi_chapter.domain.urls import Urls
from fedi_chapter.net.fetch import Fetcher
from fedi_chapter.net.memory import FetchMemory
from fedi_chapter.net.post import Poster
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing
from fedi_chapter.store.tx import Database


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that is made once and used everywhere."""

    settings: Settings
    clock: Clock
    ids: Ids
    urls: Urls
    db: Database
    keys: KeyRing
    fetcher: Fetcher
    poster: Poster
    metrics: Metrics = field(default_factory=Metrics)
    fetches: FetchMemory = field(default_factory=FetchMemory)
