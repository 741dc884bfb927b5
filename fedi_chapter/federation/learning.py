"""What other servers run, and so which form of an event they get: learned from them, over time.

Called by the fan-out, the clock, and handlers of events; asking uses the network, so never
inside a transaction. The choice itself is in `federation.forms`. A server that turns out to take
events is told of what it had as faces (`publish.conversions`).
"""

import asyncio
import contextlib

from fedi_chapter.core.errors import RemoteFailure
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.happening import HostTakesEvents
from fedi_chapter.domain.host import Host
from fedi_chapter.federation import forms, nodeinfo
from fedi_chapter.settings import Settings
from fedi_chapter.store import audiences, hosts, neighbours, outbox
from fedi_chapter.store.tx import WriteTx

log = get_logger(__name__)

AT_ONCE = 32
PATIENCE = 5.0
"""Seconds that a publication waits for servers to say what they run."""
MOST = 320
"""Servers asked before one publication; the others are asked by the clock."""


async def learn_followers_hosts(deps: Deps) -> None:
    """Ask those followers' servers that are due to be asked, within seconds."""
    due = await deps.db.read(lambda tx: audiences.hosts_to_ask(tx, MOST))
    if not due:
        return
    places = asyncio.Semaphore(AT_ONCE)

    async def learn(host: str) -> None:
        async with places:
            await learn_host(deps, host)

    with contextlib.suppress(TimeoutError):  # the rest is asked by the clock
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            for host in due:
                group.create_task(learn(host))


async def learn_host(deps: Deps, host: str) -> None:
    """Ask `host` what it runs, and note whether it gets the Event or its face.

    One that does not answer keeps what was known, and is asked again soon.
    """
    software: str | None = None
    version: str | None = None
    try:
        software, version = await nodeinfo.ask(deps, host)
    except RemoteFailure as error:
        log.info("host not learned", host=host, error=error.message)

    await deps.db.write(lambda tx: heard(tx, deps.settings, host, software, version))


def heard(
    tx: WriteTx, settings: Settings, host: str, software: str | None, version: str | None
) -> None:
    """Note what `host` says that it runs; None when it did not say."""
    known = hosts.lock(tx, host) or Host(host)
    if software is None:
        hosts.did_not_say(tx, known)
    else:
        hosts.learned(tx, host, software, version, known.takes_events)
    _settle(tx, settings, known, software or known.software)


def apply_wishes(tx: WriteTx, settings: Settings) -> None:
    """Note which hosts the settings name as takers of the Event or of the face."""
    for host in sorted({*settings.event_servers, *settings.face_servers}):
        known = hosts.lock(tx, host) or Host(host)
        _settle(tx, settings, known, known.software)


def sent_event(tx: WriteTx, settings: Settings, host: str) -> None:
    """Note that a host we know sends events: then it takes them, whether it says so or not."""
    known = hosts.get(tx, host)
    if known is not None and not known.takes_events:
        known = hosts.lock(tx, host) or known
        _settle(tx, settings, known, known.software, sends_events=True)


def _settle(
    tx: WriteTx,
    settings: Settings,
    known: Host,
    software: str | None,
    *,
    sends_events: bool = False,
) -> None:
    """Note which form a host gets; one that takes events from now on is told of ours.

    One that sent events takes them for as long as it runs the same.
    """
    sends_events |= known.takes_events and known.software in (None, software)
    sends_events |= neighbours.any_of_host(tx, known.host)
    takes_events = forms.takes_events(settings, known.host, software, sends_events=sends_events)
    if takes_events is not known.takes_events:
        hosts.set_form(tx, known.host, takes_events=takes_events)
    if takes_events and not known.takes_events:
        outbox.put(tx, HostTakesEvents(known.host))
