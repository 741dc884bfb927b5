"""Our own actors: the chapter, the instance itself, and later its groups.

Called by services and by whoever answers for an actor. Keys are in `local_keys`.
"""

from typing import Any

from sqlalchemy import bindparam, select, update

from fedi_chapter.domain.chapter import INSTANCE_HANDLE, ActorId, ActorKind, LocalActor
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.place import Area, Point
from fedi_chapter.store import media
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import local_actors
from fedi_chapter.store.tx import ReadTx, WriteTx

# Built once: somebody asks for an actor of ours with every activity.
_BY_ID = Prepared(select(local_actors).where(local_actors.c.id == bindparam("which")))
_BY_HANDLE = Prepared(select(local_actors).where(local_actors.c.handle == bindparam("which")))
_BY_KIND = Prepared(select(local_actors).where(local_actors.c.kind == bindparam("which")))
_ALL = Prepared(select(local_actors).order_by(local_actors.c.created_at, local_actors.c.id))


def get(tx: ReadTx, actor_id: ActorId) -> LocalActor | None:
    """Return the actor called `actor_id`."""
    return _one(tx, _BY_ID, actor_id)


def lock(tx: WriteTx, actor_id: ActorId) -> LocalActor:
    """Return an actor that exists; until this unit ends nobody else changes it or acts for it.

    Whoever writes an actor has it from here: `change` writes it whole. So has who looks whether
    it did something before, to do it once.
    """
    query = select(local_actors).where(local_actors.c.id == actor_id)
    row = tx.conn.execute(query.with_for_update(key_share=True)).mappings().one()
    return _read(tx, row)


def by_handle(tx: ReadTx, handle: str) -> LocalActor | None:
    """Return the actor whose name before the `@` is `handle`, in any letter case."""
    return _one(tx, _BY_HANDLE, handle.lower())


def chapter(tx: ReadTx) -> LocalActor | None:
    """Return the chapter, None before it was founded."""
    return _one(tx, _BY_KIND, ActorKind.CHAPTER)


def instance_actor(tx: ReadTx) -> LocalActor | None:
    """Return the server's own actor, who signs fetches."""
    return _one(tx, _BY_HANDLE, INSTANCE_HANDLE)


def everyone(tx: ReadTx) -> list[LocalActor]:
    """Return all our actors, the oldest first."""
    return [_read(tx, row) for row in _ALL.rows(tx)]


def insert(tx: WriteTx, actor: LocalActor) -> None:
    """Add an actor; a handle that is taken fails at the database."""
    tx.conn.execute(
        local_actors.insert().values(
            id=actor.id, kind=actor.kind, created_at=actor.created_at, **_changeable(actor)
        )
    )


def change(tx: WriteTx, actor: LocalActor) -> None:
    """Replace what is known of an actor, all but its kind and its beginning."""
    tx.conn.execute(
        update(local_actors).where(local_actors.c.id == actor.id).values(**_changeable(actor))
    )


def _one(tx: ReadTx, query: Prepared, which: str) -> LocalActor | None:
    row = query.first(tx, which=which)
    return None if row is None else _read(tx, row)


def _changeable(actor: LocalActor) -> dict[str, Any]:
    area = actor.area
    centre = area.centre if area else None
    return {
        "handle": actor.handle,
        "name": actor.name,
        "summary": actor.summary,
        "summary_html": actor.summary_html,
        "language": actor.language,
        "timezone": actor.timezone,
        "place_name": area.name if area else None,
        "lat": centre.lat if centre else None,
        "lon": centre.lon if centre else None,
        "radius_km": area.radius_km if area else None,
        "icon_id": actor.icon.id if actor.icon else None,
        "header_id": actor.header.id if actor.header else None,
        "email": actor.email,
        "also_known_as": actor.also_known_as,
        "moved_to": actor.moved_to,
        "updated_at": actor.updated_at,
    }


def _read(tx: ReadTx, row: Row) -> LocalActor:
    return LocalActor(
        id=ActorId(row["id"]),
        kind=ActorKind(row["kind"]),
        handle=row["handle"],
        name=row["name"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        summary=row["summary"],
        summary_html=row["summary_html"],
        language=row["language"],
        timezone=row["timezone"],
        area=_area(row),
        icon=_image(tx, row["icon_id"]),
        header=_image(tx, row["header_id"]),
        email=row["email"],
        also_known_as=tuple(row["also_known_as"]),
        moved_to=row["moved_to"],
    )


def _area(row: Row) -> Area | None:
    if row["place_name"] is None:
        return None
    centre = None if row["lat"] is None else Point(row["lat"], row["lon"])
    return Area(row["place_name"], centre, row["radius_km"])


def _image(tx: ReadTx, media_id: str | None) -> Media | None:
    return None if media_id is None else media.get(tx, MediaId(media_id))
