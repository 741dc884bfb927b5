"""The composition root: settings become Deps, Deps become an application. Nobody imports it
but the command line and the tests.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware

from fedi_chapter import __version__
from fedi_chapter.core.clock import Clock, SystemClock
from fedi_chapter.core.errors import DatabaseUnusable, SettingsInvalid
from fedi_chapter.core.ids import Ids, RandomIds
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import Instance
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation.inbox import InboxDoor
from fedi_chapter.net import tls
from fedi_chapter.net.fetch import Fetcher, GuardedFetcher
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import GuardedPoster, Poster
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, read_master_key
from fedi_chapter.store import followers, instance
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.web import middleware
from fedi_chapter.web.cache import AnswerCache
from fedi_chapter.web.errors import handlers
from fedi_chapter.web.routes import routes
from fedi_chapter.workers import supervisor

log = get_logger(__name__)


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
        founded = await db.write(lambda tx: _instance_at(tx, base_url))
        urls = Urls(founded.base_url, founded.domain)
        guard = Guard(allow_private=settings.danger_allow_private_network)
        context = tls.context(settings.extra_ca_file)
        agent = f"fedi-chapter/{__version__} (+{urls.base}/)"
        fetcher = GuardedFetcher(guard, clock=clock, tls=context, user_agent=agent)
        poster = GuardedPoster(guard, tls=context, user_agent=agent, clock=clock)
        try:
            yield build_deps(
                settings, urls, db=db, clock=clock, ids=ids, fetcher=fetcher, poster=poster
            )
        finally:
            await fetcher.close()
            await poster.close()
    finally:
        await db.close()


def build_deps(
    settings: Settings,
    urls: Urls,
    *,
    db: Database,
    clock: Clock,
    ids: Ids,
    fetcher: Fetcher,
    poster: Poster,
) -> Deps:
    """Put the parts together; tests hand in their own clock, database and ways out."""
    return Deps(
        settings=settings,
        clock=clock,
        ids=ids,
        urls=urls,
        db=db,
        keys=KeyRing(read_master_key(settings.secret_file)),
        fetcher=fetcher,
        poster=poster,
    )


def build_app(deps: Deps, *, with_workers: bool) -> Starlette:
    """Return the application over `deps`, with its background loops where wanted."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _background(deps) if with_workers else contextlib.nullcontext():
            yield

    app = Starlette(
        routes=routes,
        middleware=middleware.stack(deps, Middleware(AnswerCache, db=deps.db)),
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    app.state.deps = deps
    app.state.door = InboxDoor(deps)
    return app


@contextlib.asynccontextmanager
async def _background(deps: Deps) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loops = asyncio.create_task(supervisor.run(deps, stop=stop), name="workers")
    try:
        yield
    finally:
        stop.set()
        await loops


def _instance_at(tx: WriteTx, base_url: str | None) -> Instance:
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
    instance.change_base(tx, base_url)
    log.warning("base url changed", before=founded.base_url, now=base_url)
    return Instance(founded.domain, base_url, founded.created_at)
