"""The table: what happened, and who writes the news of it.

Called by the fan-out loop with one leased row of the outbox. The documents, their deliveries
and the end of the row are one transaction: a crash leaves all of it or nothing. What has no
line here is never told; a house test fails for a happening without one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fedi_chapter.deps import Deps
from fedi_chapter.domain import happening as told
from fedi_chapter.federation import learning
from fedi_chapter.federation.publish import (
    actors,
    attendance,
    attendees,
    boosts,
    conversions,
    events,
    follows,
    posts,
    relays,
    rsvps,
)
from fedi_chapter.federation.publish.message import Messages, Scene, send
from fedi_chapter.store import outbox
from fedi_chapter.store.outbox import OutboxJob
from fedi_chapter.store.tx import WriteTx

TABLE: Mapping[type[told.Happening], Callable[[Scene, Any], Messages]] = {
    told.EventPublished: events.published,
    told.EventChanged: events.changed,
    told.EventDeleted: events.deleted,
    told.PostPublished: posts.published,
    told.PostChanged: posts.changed,
    told.PostDeleted: posts.deleted,
    told.ActorChanged: actors.changed,
    told.KeyRotated: actors.key_rotated,
    told.FollowRequested: follows.requested,
    told.FollowWithdrawn: follows.withdrawn,
    told.FollowerAccepted: follows.follower_accepted,
    told.FollowerRemoved: follows.follower_removed,
    told.ServerFollowed: relays.server_followed,
    told.HostTakesEvents: conversions.host_takes_events,
    told.Boosted: boosts.boosted,
    told.Unboosted: boosts.unboosted,
    told.QuoteRevoked: boosts.quote_revoked,
    told.RsvpTallyChanged: rsvps.tally_changed,
    told.JoinAnswered: rsvps.join_answered,
    told.AttendeesToTell: attendees.to_tell,
    told.AttendanceSaid: attendance.said,
}
_NEEDS_SOFTWARE = (
    told.EventPublished,
    told.EventChanged,
    told.EventDeleted,
    told.RsvpTallyChanged,
    told.ServerFollowed,
)
"""Happenings whose form depends on what the other servers run."""


async def publish(deps: Deps, job: OutboxJob) -> None:
    """Turn one happening into activities and deliveries, and finish its row with them."""
    if isinstance(job.happening, _NEEDS_SOFTWARE):
        await learning.learn_followers_hosts(deps)
    await deps.db.write(lambda tx: _tell(tx, deps, job))


def _tell(tx: WriteTx, deps: Deps, job: OutboxJob) -> None:
    scene = Scene(tx, deps.urls, deps.keys, deps.settings.holds_followers)
    for message in TABLE[type(job.happening)](scene, job.happening):
        send(tx, message)
    outbox.finish(tx, job.id)
