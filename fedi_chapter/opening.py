"""The lower half of the composition root: settings become Deps.

Called by `cli` for every command; `app` makes an application of the Deps. Nothing here serves,
so that a command does not load what only a server needs.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fedi_chapter import __version__
from fedi_chapter.core.clock import Clock, SystemClock
from fedi_chapter.core.errors import DatabaseUnusable, SettingsInvalid
from fedi_chapter.core.ids import Ids, RandomIds
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import Instance, StoredKey
from fedi_chapter.domain.urls import Urls
from fedi_chapter.net import tls
from fedi_chapter.net.ask import Asker, GuardedAsker
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import Fetcher, GuardedFetcher
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.mail import Mailer, SmtpMailer
from fedi_chapter.net.post import GuardedPoster, Poster
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, read_master_key
from fedi_chapter.sig.links import Links
from fedi_chapter.store import followers, instance, local_actors, local_keys
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database, ReadTx, WriteTx

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WaysOut:
    """How other servers are reached: to read, to deliver, to call."""

    fetcher: Fetcher
    poster: Poster
    asker: Asker


@contextlib.asynccontextmanager
async def open_deps(settings: Settings, *, serving: bool = False) -> AsyncIterator[Deps]:
    """Open everything a command or a server needs, and close it at the end.

    A server that starts at another BASE_URL takes the chapter there, as long as nobody follows;
    a command never does.

    Raises:
        DatabaseUnusable: no chapter was founded here, or the database can't be opened.
        SettingsInvalid: BASE_URL is not the one followers know.

    """
    clock, ids = SystemClock(), RandomIds()
    db = open_database(settings.database, clock=clock, ids=ids)
    try:
        base_url = settings.base_url if serving else None
        founded = await db.write(lambda tx: _instance_at(tx, base_url, settings))
        urls = Urls(founded.base_url, founded.domain)
        guard = Guard(allow_private=settings.danger_allow_private_network)
        context = tls.context(settings.extra_ca_file)
        agent = f"fedi-chapter/{__version__} (+{urls.base}/)"
        client = Client(guard, tls=context, user_agent=agent)
        fetcher = GuardedFetcher(client, clock=clock)
        poster = GuardedPoster(client, clock=clock)
        ways = WaysOut(fetcher, poster, GuardedAsker(client))
        try:
            deps = build_deps(settings, urls, db=db, clock=clock, ids=ids, ways=ways)
            if serving:
                await _check_keys(deps)
            yield deps
        finally:
            await client.close()
    finally:
        await db.close()


def build_deps(
    settings: Settings,
    urls: Urls,
    *,
    db: Database,
    clock: Clock,
    ids: Ids,
    ways: WaysOut,
) -> Deps:
    """Put the parts together; tests hand in their own clock, database and ways out."""
    master = read_master_key(settings.secret_file)
    return Deps(
        settings=settings,
        clock=clock,
        ids=ids,
        urls=urls,
        db=db,
        keys=KeyRing(master),
        links=Links(master),
        fetcher=ways.fetcher,
        poster=ways.poster,
        asker=ways.asker,
        mailer=_mailer(settings, urls),
    )


async def _check_keys(deps: Deps) -> None:
    """Make sure that the master key opens our actors' keys, before anybody is answered.

    Raises:
        OperatorError: it does not, or an actor has no key.

    """

    def stored(tx: ReadTx) -> list[tuple[str, StoredKey]]:
        return [
            (deps.urls.key(actor, key.fragment), key)
            for actor in local_actors.everyone(tx)
            for key in local_keys.published(tx, actor.id)
        ]

    for key_id, key in await deps.db.read(stored):
        deps.keys.unseal(key_id, key.kind, key.private_sealed)


def _mailer(settings: Settings, urls: Urls) -> Mailer | None:
    server = settings.smtp
    if server is None:
        return None
    context = tls.context(settings.extra_ca_file, speaks=())
    return SmtpMailer(server, tls=context, name=urls.domain.partition(":")[0])


def _instance_at(tx: WriteTx, base_url: str | None, settings: Settings) -> Instance:
    founded = instance.get(tx)
    if founded is None:
        raise DatabaseUnusable(
            "there is no chapter in this data folder yet", cure="make one: fedi-chapter init"
        )
    if base_url is None or base_url == founded.base_url:
        return founded
    if followers.any_at_all(tx):
        raise SettingsInvalid(
            f"BASE_URL is {base_url}, but followers know this chapter at {founded.base_url}",
            cure=f"set BASE_URL to {founded.base_url}, or leave it out",
        )
    if base_url.startswith("http:") and not settings.danger_allow_private_network:
        raise SettingsInvalid(
            f"BASE_URL is {base_url}, and other servers refuse what is not https",
            cure="use https; for tests on one machine set "
            "FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK=1",
        )
    instance.change_base(tx, base_url)
    log.warning("base url changed", before=founded.base_url, now=base_url)
    return Instance(founded.domain, base_url, founded.created_at)
