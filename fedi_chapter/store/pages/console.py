"""The organizers' console: what the chapter is doing, and what waits for a decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, case, func, or_, select

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.conversation import Reply, Report
from fedi_chapter.domain.delivery import DeliveryState, QueueStatus
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.follower import Follower
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.post import Post
from fedi_chapter.store import (
    attendances,
    deliveries,
    events,
    followers,
    local_actors,
    messages,
    parked,
    posts,
    replies,
    reports,
)
from fedi_chapter.store.pages.event_desk import HostedEvent, asking
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import Author, ShownReply, authors, shown
from fedi_chapter.store.parked import ParkedCounts
from fedi_chapter.store.tables import deliveries as delivery_table
from fedi_chapter.store.tables import events as event_table
from fedi_chapter.store.tables import hosts as host_table
from fedi_chapter.store.tables import posts as post_table
from fedi_chapter.store.tables import remote_actors as actor_table
from fedi_chapter.store.tx import ReadTx

MOST_EVENTS = 8
MOST_POSTS = 5
MOST_WAITING = 20
MOST_HOSTS = 10
MOST_OBJECTS = 5
COMMENT = 500


@dataclass(frozen=True, slots=True)
class HeldReply:
    """A reply that nobody has judged yet, and what of ours it answers."""

    uri: str
    said: ShownReply
    root: str


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """Something said to the chapter alone."""

    uri: str
    said: ShownReply


@dataclass(frozen=True, slots=True)
class WaitingHost:
    """A server whose people wait to be allowed, and the first of them."""

    host: str
    people: tuple[Author, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A complaint; `objects` are the first of what it is about."""

    id: str
    reporter: Author
    comment: str
    objects: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class TroubledHost:
    """A server that our news does not reach: how much waits for it, how much was given up."""

    host: str
    failing_since: datetime | None
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class Console:
    """Everything an organizer sees at a glance. Of what waits, the longest waiting come first."""

    site: Site
    followers: int
    servers: int
    """How many follow this server as a whole, by its own actor."""
    events: tuple[Event, ...]
    posts: tuple[Post, ...]
    asking: tuple[HostedEvent, ...]
    """The events that somebody asked to come to, and waits for a yes."""
    replies: tuple[HeldReply, ...]
    more_replies: bool
    messages: tuple[PrivateMessage, ...]
    """Private messages, the newest first."""
    more_messages: bool
    waiting: tuple[WaitingHost, ...]
    reports: tuple[OpenReport, ...]
    more_reports: bool
    called_off: tuple[NeighbourEvent, ...]
    """Neighbours' events that we said we come to, cancelled or deleted since."""
    queue: QueueStatus
    parked: ParkedCounts
    troubled: tuple[TroubledHost, ...]


def console(tx: ReadTx) -> Console:
    """Return the console as of this transaction."""
    around = site(tx)
    mine = around.chapter.id
    held = replies.held(tx, MOST_WAITING + 1)
    complaints = reports.listing(tx, MOST_WAITING + 1)
    private = messages.listing(tx, MOST_WAITING + 1)
    pending = followers.pending(tx, mine, MOST_WAITING)
    known = authors(
        tx,
        [
            *(reply.actor_uri for reply in held),
            *(message.actor_uri for message in private),
            *(report.reporter for report in complaints),
            *(follower.uri for follower in pending),
        ],
    )
    return Console(
        site=around,
        followers=followers.count(tx, mine),
        servers=_servers(tx),
        events=_coming(tx, mine),
        posts=_latest(tx, mine),
        asking=tuple(asking(tx, mine)),
        replies=tuple(_held(reply, known) for reply in held[:MOST_WAITING]),
        more_replies=len(held) > MOST_WAITING,
        messages=tuple(
            PrivateMessage(each.uri, shown(each, known[each.actor_uri]))
            for each in private[:MOST_WAITING]
        ),
        more_messages=len(private) > MOST_WAITING,
        waiting=_by_host(tx, pending, known),
        reports=tuple(_open(report, known) for report in complaints[:MOST_WAITING]),
        more_reports=len(complaints) > MOST_WAITING,
        called_off=tuple(attendances.called_off(tx, mine)),
        queue=deliveries.status(tx),
        parked=parked.counts(tx),
        troubled=_troubled(tx),
    )


def _servers(tx: ReadTx) -> int:
    instance = local_actors.instance_actor(tx)
    return followers.count(tx, instance.id) if instance else 0


def _coming(tx: ReadTx, actor_id: ActorId) -> tuple[Event, ...]:
    """Return the events that are not over, drafts and those not for everyone included."""
    columns = event_table.c
    ids = tx.conn.execute(
        select(columns.id)
        .where(columns.actor_id == actor_id, columns.over_at > tx.now, columns.deleted_at.is_(None))
        .where(events.IS_NO_TEMPLATE)
        .order_by(columns.starts_at, columns.id)
        .limit(MOST_EVENTS)
    ).scalars()
    found = [events.get(tx, EventId(each)) for each in ids.all()]
    return tuple(event for event in found if event is not None)


def _latest(tx: ReadTx, actor_id: ActorId) -> tuple[Post, ...]:
    columns = post_table.c
    rows = tx.conn.execute(
        select(post_table)
        .where(columns.actor_id == actor_id, columns.deleted_at.is_(None))
        .order_by(columns.published_at.desc(), columns.id.desc())
        .limit(MOST_POSTS)
    )
    return tuple(posts.read(tx, rows.all()))


def _held(reply: Reply, known: dict[str, Author]) -> HeldReply:
    return HeldReply(uri=reply.uri, said=shown(reply, known[reply.actor_uri]), root=reply.root)


def _open(report: Report, known: dict[str, Author]) -> OpenReport:
    return OpenReport(
        id=report.id,
        reporter=known[report.reporter],
        comment=one_line(report.comment, COMMENT),
        objects=report.objects[:MOST_OBJECTS],
        at=report.at,
    )


def _by_host(
    tx: ReadTx, pending: list[Follower], known: dict[str, Author]
) -> tuple[WaitingHost, ...]:
    uris = [follower.uri for follower in pending]
    rows = tx.conn.execute(
        select(actor_table.c.uri, actor_table.c.host).where(actor_table.c.uri.in_(uris))
    )
    host_of = {row.uri: row.host for row in rows}
    waiting: dict[str, list[Follower]] = {}
    for follower in pending:
        waiting.setdefault(host_of[follower.uri], []).append(follower)
    return tuple(
        WaitingHost(host, tuple(known[each.uri] for each in those), those[0].since)
        for host, those in waiting.items()
    )


def _troubled(tx: ReadTx) -> tuple[TroubledHost, ...]:
    """Return the servers that fail now, and those we gave something up for; the worst first."""
    columns = delivery_table.c
    fails = host_table.c.failing_since.is_not(None)
    is_waiting = and_(columns.state == DeliveryState.WAITING, fails)
    has_failed = columns.state == DeliveryState.FAILED
    number = func.count()
    rows: list[Row[Any]] = list(
        tx.conn.execute(
            select(
                columns.host,
                host_table.c.failing_since,
                func.sum(case((is_waiting, 1), else_=0)).label("waiting"),
                func.sum(case((has_failed, 1), else_=0)).label("failed"),
            )
            .join(host_table, host_table.c.host == columns.host)
            .where(or_(is_waiting, has_failed))
            .group_by(columns.host, host_table.c.failing_since)
            .order_by(number.desc(), columns.host)
            .limit(MOST_HOSTS)
        )
    )
    return tuple(
        TroubledHost(row.host, row.failing_since, int(row.waiting), int(row.failed)) for row in rows
    )
