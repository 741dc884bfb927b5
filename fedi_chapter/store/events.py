"""Events: every question about them that is not one screen's own (those are in `pages`).

Called by services and by whoever federates events. Rows go in and out as `Event`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, case, func, select, update

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.local_time import settled, written
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.domain.short_name import short_name
from fedi_chapter.store import belongings
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import events, places
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert as insert_row

_PLACE = (
    places.c.name.label("place_name"),
    places.c.address.label("place_address"),
    places.c.lat.label("place_lat"),
    places.c.lon.label("place_lon"),
)
_EVENTS = select(events, *_PLACE).outerjoin(places, places.c.id == events.c.place_id)
_IS_PUBLIC = (
    events.c.published_at.is_not(None),
    events.c.deleted_at.is_(None),
    events.c.visibility == Visibility.PUBLIC,
)

_TAKES_PLACE = (
    events.c.published_at.is_not(None),
    events.c.deleted_at.is_(None),
    events.c.rsvp == RsvpMode.ON,
    events.c.status.not_in([EventStatus.CANCELLED, EventStatus.POSTPONED]),
)
IS_NO_TEMPLATE = events.c.series_id.is_(None) | events.c.occurrence.is_not(None)
"""The drafts after which a series makes its events are in no list."""

# Built once: an event is read for every answer to it.
_GET = Prepared(_EVENTS.where(events.c.id == bindparam("id")))
_AUDIENCE = Prepared(
    select(events.c.visibility, events.c.published_at).where(events.c.id == bindparam("id"))
)
_REVISION = Prepared(select(events.c.revision).where(events.c.id == bindparam("id")))


def get(tx: ReadTx, event_id: EventId) -> Event | None:
    """Return an event; a draft, a cancelled or a deleted one too."""
    found = _read(tx, _GET.rows(tx, id=event_id))
    return found[0] if found else None


def get_shown(
    tx: ReadTx, event_id: EventId, is_shown_to: Callable[[Visibility], bool]
) -> Event | None:
    """Return an event that was published, to readers its visibility shows it to.

    To all others it is nothing, and said to be nothing as soon as what is not there (PRIV-08).
    """
    row = _AUDIENCE.first(tx, id=event_id)
    if row is None or row["published_at"] is None or not is_shown_to(Visibility(row["visibility"])):
        return None
    return get(tx, event_id)


def named(tx: ReadTx, short: str) -> EventId | None:
    """Return the published event with a short name, the newest if two ever had the same."""
    found = tx.conn.execute(
        select(events.c.id)
        .where(events.c.short_name == short, events.c.published_at.is_not(None))
        .order_by(events.c.published_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if found is None else EventId(found)


def revision(tx: ReadTx, event_id: EventId) -> int | None:
    """Return how often an event was changed: whether a copy of it is still true."""
    row = _REVISION.first(tx, id=event_id)
    return None if row is None else int(row["revision"])


def insert(tx: WriteTx, event: Event) -> None:
    """Add an event with its place, pictures and tags; the pictures are stored before."""
    _put_place(tx, event.place)
    tx.conn.execute(
        events.insert().values(
            id=event.id,
            actor_id=event.actor_id,
            created_at=event.created_at,
            short_name=short_name(event.id),
            **_changeable(event),
        )
    )
    _put_belongings(tx, event)


def change(tx: WriteTx, event: Event) -> None:
    """Replace everything that is known of an event but its maker and its beginning."""
    _put_place(tx, event.place)
    tx.conn.execute(update(events).where(events.c.id == event.id).values(**_changeable(event)))
    _put_belongings(tx, event)


def lately(tx: ReadTx, actor_id: ActorId, since: datetime, *, limit: int) -> list[Event]:
    """Return an actor's public events that were over `since` an instant, the last first."""
    query = _EVENTS.where(
        events.c.actor_id == actor_id,
        events.c.over_at > since,
        events.c.over_at <= tx.now,
        *_IS_PUBLIC,
    )
    return _all(tx, query.order_by(events.c.over_at.desc(), events.c.id).limit(limit))


def upcoming(tx: ReadTx, actor_id: ActorId, *, limit: int, listed_only: bool = True) -> list[Event]:
    """Return an actor's published events that are not over, the next first.

    Only public ones: this is what other servers and feeds are told. Without `listed_only`
    every published one, whoever may see it.
    """
    query = _EVENTS.where(
        events.c.actor_id == actor_id,
        events.c.over_at > tx.now,
        *(_IS_PUBLIC if listed_only else _IS_PUBLIC[:2]),
    )
    return _all(tx, query.order_by(events.c.starts_at, events.c.id).limit(limit))


def listing(tx: ReadTx, actor_id: ActorId) -> list[Event]:
    """Return all events of an actor that were not deleted, drafts too, in the order of dates."""
    query = _EVENTS.where(
        events.c.actor_id == actor_id, events.c.deleted_at.is_(None), IS_NO_TEMPLATE
    )
    return _all(tx, query.order_by(events.c.starts_at, events.c.id))


def published(
    tx: ReadTx, actor_id: ActorId, *, limit: int, before: datetime | None = None
) -> list[Event]:
    """Return an actor's public events, the last published first, `before` an instant."""
    query = _EVENTS.where(events.c.actor_id == actor_id, *_IS_PUBLIC)
    if before is not None:
        query = query.where(events.c.published_at < before)
    return _all(tx, query.order_by(events.c.published_at.desc(), events.c.id.desc()).limit(limit))


def count(tx: ReadTx, actor_id: ActorId) -> int:
    """Return how many public events an actor has."""
    return tx.conn.execute(
        select(func.count()).select_from(events).where(events.c.actor_id == actor_id, *_IS_PUBLIC)
    ).scalar_one()


def starting(tx: ReadTx, *, after: datetime, until: datetime) -> list[Event]:
    """Return the events that take RSVPs and begin after one instant, at the latest at another."""
    query = _EVENTS.where(*_TAKES_PLACE, events.c.starts_at > after, events.c.starts_at <= until)
    return _all(tx, query.order_by(events.c.starts_at, events.c.id))


def ended(tx: ReadTx, *, after: datetime, until: datetime) -> list[Event]:
    """Return the events that took RSVPs and ended after one instant, at the latest at another."""
    query = _EVENTS.where(*_TAKES_PLACE, events.c.over_at > after, events.c.over_at <= until)
    return _all(tx, query.order_by(events.c.over_at, events.c.id))


def of_series(tx: ReadTx, series_id: str, *, since: datetime | None = None) -> list[Event]:
    """Return the events made for a series, drafts and deleted ones too, in its order.

    `since` is a local time; events whose date in the series is earlier are left out.
    """
    query = _EVENTS.where(events.c.series_id == series_id, events.c.occurrence.is_not(None))
    if since is not None:
        query = query.where(events.c.occurrence >= since.isoformat())
    return _all(tx, query.order_by(events.c.occurrence))


def of_another_law(tx: ReadTx, since: datetime) -> list[EventId]:
    """Return the events not over `since` an instant whose zone had other rules when stored."""
    columns = events.c
    rows = tx.conn.execute(
        select(
            columns.id,
            columns.timezone,
            columns.starts_at,
            columns.ends_at,
            columns.rsvp_until,
            columns.local_start,
            columns.local_end,
            columns.local_until,
        ).where(columns.over_at > since, columns.deleted_at.is_(None))
    ).mappings()
    return [
        EventId(row["id"])
        for row in rows
        if any(row[name] != at for name, at in _instants(row).items())
    ]


def last_change(tx: ReadTx, actor_id: ActorId, *, kept: timedelta = timedelta()) -> datetime | None:
    """Return when what an actor has upcoming last changed, also by an event's end or deletion.

    It never goes back. What is over counts when it was no longer `kept`.
    """
    gone = case((events.c.over_at <= tx.now - kept, events.c.over_at))
    moments = (events.c.published_at, events.c.updated_at, events.c.deleted_at, gone)
    published, updated, deleted, over = tx.conn.execute(
        select(*map(func.max, moments)).where(
            events.c.actor_id == actor_id, events.c.published_at.is_not(None)
        )
    ).one()
    found = (published, updated, deleted, over and over + kept)
    return max((at for at in found if at is not None), default=None)


def place(tx: ReadTx, place_id: str) -> Place | None:
    """Return a place as long as a public event meets there."""
    found = tx.conn.execute(
        select(places.c.id, *_PLACE)
        .join(events, events.c.place_id == places.c.id)
        .where(places.c.id == place_id, *_IS_PUBLIC)
        .limit(1)
    )
    row = found.mappings().one_or_none()
    return None if row is None else _place(row["id"], row)


def _changeable(event: Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "description": event.description,
        "description_html": event.description_html,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "over_at": event.over_at,
        "timezone": event.timezone,
        "local_start": written(event.starts_at, event.zone),
        "local_end": event.ends_at and written(event.ends_at, event.zone),
        "local_until": event.rsvp_until and written(event.rsvp_until, event.zone),
        "all_day": event.all_day,
        "place_id": event.place.id if event.place else None,
        "online_url": event.online_url,
        "link_kept": event.link_kept,
        "rsvp": event.rsvp,
        "external_url": event.external_url,
        "capacity": event.capacity,
        "approval": event.approval,
        "rsvp_until": event.rsvp_until,
        "counts_only": event.counts_only,
        "poll": list(event.poll),
        "place_shown": event.place_shown,
        "bring": event.bring,
        "status": event.status,
        "cancel_reason": event.cancel_reason,
        "previous_starts_at": event.previous_starts_at,
        "visibility": event.visibility,
        "language": event.language,
        "published_at": event.published_at,
        "updated_at": event.updated_at,
        "deleted_at": event.deleted_at,
        "revision": event.revision,
        "series_id": event.series_id,
        "occurrence": event.occurrence.isoformat() if event.occurrence else None,
    }


def _put_place(tx: WriteTx, where: Place | None) -> None:
    if where is None:
        return
    point = where.point
    tx.conn.execute(
        insert_row(places)
        .values(
            id=where.id,
            name=where.name,
            address=where.address,
            lat=point.lat if point else None,
            lon=point.lon if point else None,
        )
        .on_conflict_do_nothing()  # a changed place is a new one, with a new id
    )


def _put_belongings(tx: WriteTx, event: Event) -> None:
    belongings.set_images(tx, event.id, event.images)
    belongings.set_tags(tx, event.id, event.tags)


def _all(tx: ReadTx, query: Select[Any]) -> list[Event]:
    return _read(tx, tx.conn.execute(query).mappings().all())


def _read(tx: ReadTx, rows: Sequence[Row]) -> list[Event]:
    """Turn rows of events joined with their places into Events, pictures and tags included."""
    ids = [row["id"] for row in rows]
    images, names = belongings.images(tx, ids), belongings.tag_names(tx, ids)
    return [
        _event(row, images=images.get(row["id"], ()), tags=names.get(row["id"], ())) for row in rows
    ]


def _instants(row: Row) -> dict[str, Any]:
    """Return when an event is, by the rules its zone has today, whatever they were once."""
    zone = ZoneInfo(row["timezone"])
    pairs = (
        ("starts_at", "local_start"),
        ("ends_at", "local_end"),
        ("rsvp_until", "local_until"),
    )
    return {name: row[name] and settled(row[name], row[local] or "", zone) for name, local in pairs}


def _event(row: Row, **belonging: Any) -> Event:
    return Event(
        id=EventId(row["id"]),
        actor_id=ActorId(row["actor_id"]),
        name=row["name"],
        timezone=row["timezone"],
        created_at=row["created_at"],
        all_day=row["all_day"],
        description=row["description"],
        description_html=row["description_html"],
        place=None if row["place_id"] is None else _place(row["place_id"], row),
        online_url=row["online_url"],
        link_kept=row["link_kept"],
        rsvp=RsvpMode(row["rsvp"]),
        external_url=row["external_url"],
        capacity=row["capacity"],
        approval=row["approval"],
        counts_only=row["counts_only"],
        poll=tuple(row["poll"]),
        place_shown=PlaceShown(row["place_shown"]),
        bring=row["bring"],
        status=EventStatus(row["status"]),
        cancel_reason=row["cancel_reason"],
        previous_starts_at=row["previous_starts_at"],
        visibility=Visibility(row["visibility"]),
        language=row["language"],
        published_at=row["published_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        revision=row["revision"],
        series_id=row["series_id"],
        occurrence=datetime.fromisoformat(row["occurrence"]) if row["occurrence"] else None,
        **_instants(row),
        **belonging,
    )


def _place(place_id: str, row: Row) -> Place:
    point = None if row["place_lat"] is None else Point(row["place_lat"], row["place_lon"])
    return Place(place_id, row["place_name"], row["place_address"], point)
