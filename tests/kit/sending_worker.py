"""A worker process that may be killed: fan-out, notices and deliveries over real sockets.

Run by `mortal(sending, DATABASE, FOLDER, [SMTP_URL])`; says that it is ready, and works until it
is ended. Its leases are short.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.core.smtp import parse_smtp_url
from fedi_chapter.deps import Deps
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.net import tls
from fedi_chapter.net.client import Client
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.mail import SmtpMailer
from fedi_chapter.net.post import GuardedPoster
from fedi_chapter.store.engine import open_database
from fedi_chapter.workers import fanout, notices, supervisor
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.delivery import DeliveryLoop, Pace
from fedi_chapter.workers.loop import work
from tests.kit.mortal import READY
from tests.kit.sending import deps_on

LEASE = timedelta(seconds=1)
NOTICE_LEASE = timedelta(seconds=3)
"""Longer than a talk with the mail server takes on a busy machine."""
MOST_ATTEMPTS = 10 * round(fanout.LEASE / LEASE)
"""With shorter leases, a job whose worker was killed comes back more often in the same time."""


async def _fan_out(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    queue = replace(fanout.queue(deps, LEASE), most_attempts=MOST_ATTEMPTS)
    await work(deps, queue, stop=stop, bell=bell)


async def _deliver(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    await DeliveryLoop(deps, bell, Pace(lease=LEASE)).run(stop)


async def _tell(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    queue = notices.queue(deps, NoticeRoute.DIRECT, NOTICE_LEASE)
    await work(deps, queue, stop=stop, bell=bell)


async def _mail(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    queue = notices.queue(deps, NoticeRoute.MAIL, NOTICE_LEASE)
    await work(deps, queue, stop=stop, bell=bell)


async def _main(
    line: "Connection[str, str]", url: str, data: Path, smtp_url: str | None = None
) -> None:
    clock, ids = SystemClock(), RandomIds()
    db = open_database(url, clock=clock, ids=ids)
    client = Client(Guard(allow_private=True), tls=tls.context(None), user_agent="test")
    poster = GuardedPoster(client, clock=clock)
    deps = deps_on(db, data, clock=clock, ids=ids, poster=poster)
    if smtp_url is not None:
        server = parse_smtp_url(smtp_url)
        mailer = SmtpMailer(server, tls=tls.context(None, speaks=()), name="chapter.test")
        deps = replace(deps, mailer=mailer)
    line.send(READY)
    loops = {"outbox": _fan_out, "messages": _tell, "mail": _mail, "deliveries": _deliver}
    await supervisor.run(deps, stop=asyncio.Event(), loops=loops)


def sending(line: "Connection[str, str]", url: str, data: str, *more: str) -> None:
    """Work over the database at `url`."""
    asyncio.run(_main(line, url, Path(data), *more))
