"""What is kept of one person: every column that names an actor of another server, in one list.

The member's own page counts by it and `services.erasure` deletes by it; a test fails when a
table names actors and is not in it. Rows of RSVPs are erased by their service, which gives seats
back; where only hashes of people are kept there is nothing to list.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, delete, exists, func, select

from fedi_chapter.store.tables import (
    blocks,
    boosts,
    calendar_feeds,
    followers,
    following,
    inbox,
    member_sessions,
    mentions,
    messages,
    neighbour_events,
    neighbour_posts,
    notices,
    quotes,
    reactions,
    remote_actors,
    remote_keys,
    replies,
    reports,
    rsvps,
)
from fedi_chapter.store.tx import ReadTx, WriteTx


class Fate(StrEnum):
    """What becomes of a row when its person wants to be forgotten."""

    ERASED = "erased"
    FADES = "fades"
    """Needed for a last word to them; swept out within thirty days by itself."""
    STAYS = "stays"
    """It is the chapter's own word, or its protection."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One place where people are named."""

    name: str
    column: Column[Any]
    fate: Fate


HOLDINGS = (
    Holding("rsvps", rsvps.c.actor_uri, Fate.ERASED),
    Holding("notices", notices.c.recipient, Fate.ERASED),
    Holding("replies", replies.c.actor_uri, Fate.ERASED),
    Holding("messages", messages.c.actor_uri, Fate.ERASED),
    Holding("reactions", reactions.c.actor_uri, Fate.ERASED),
    Holding("quotes", quotes.c.actor_uri, Fate.ERASED),
    Holding("followers", followers.c.uri, Fate.ERASED),
    Holding("following", following.c.uri, Fate.ERASED),
    Holding("neighbour_posts", neighbour_posts.c.actor_uri, Fate.ERASED),
    Holding("neighbour_events", neighbour_events.c.actor_uri, Fate.ERASED),
    Holding("sessions", member_sessions.c.actor_uri, Fate.ERASED),
    Holding("calendar", calendar_feeds.c.actor_uri, Fate.ERASED),
    Holding("profile", remote_actors.c.uri, Fate.FADES),
    Holding("keys", remote_keys.c.owner, Fate.FADES),
    Holding("inbox", inbox.c.actor_uri, Fate.FADES),
    Holding("reports", reports.c.reporter, Fate.STAYS),
    Holding("mentions", mentions.c.uri, Fate.STAYS),
    Holding("boosts", boosts.c.author_uri, Fate.STAYS),
    Holding("blocks", blocks.c.target, Fate.STAYS),
)


def count(tx: ReadTx, actor_uri: str) -> dict[str, int]:
    """Return how many rows name somebody, by the name of the holding; what is empty is left out."""
    counted = {
        holding.name: tx.conn.execute(
            select(func.count()).where(holding.column == actor_uri)
        ).scalar_one()
        for holding in HOLDINGS
    }
    return {name: number for name, number in counted.items() if number}


def is_anything_kept(tx: ReadTx, actor_uri: str) -> bool:
    """Tell whether somebody left anything here that is more than a passing trace."""
    return any(
        tx.conn.execute(select(exists().where(holding.column == actor_uri))).scalar_one()
        for holding in HOLDINGS
        if holding.fate is Fate.ERASED
    )


def erase(tx: WriteTx, actor_uri: str) -> None:
    """Delete what is erased of somebody; the counts of events stay as they are."""
    for holding in HOLDINGS:
        if holding.fate is Fate.ERASED:
            tx.conn.execute(delete(holding.column.table).where(holding.column == actor_uri))
