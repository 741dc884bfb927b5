"""Whom our actors follow: ask, and stop. What a server that follows us is owed.

Called by the command line and the organizers' pages, inside their transaction, after the
actor was found. The answer of the other side comes in through `federation`, which also lets
most followers in; those who had to wait are let in by `moderation`.
"""

from datetime import timedelta

from fedi_chapter.core.errors import Conflict, Missing, NotAllowed
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.follower import Following, FollowState
from fedi_chapter.domain.happening import FollowRequested, FollowWithdrawn, ServerFollowed
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import blocks, following, local_actors, outbox
from fedi_chapter.store.tx import WriteTx

SETTLED = timedelta(minutes=1)
"""The Accept must have arrived before events may follow it (Mobilizon)."""


def request_follow(tx: WriteTx, actor: LocalActor, remote: RemoteActor, urls: Urls) -> Following:
    """Ask `remote` to be followed by `actor`; what is asked or granted already stays as it is.

    Raises:
        Conflict: that is one of our own actors.
        NotAllowed: we block them.

    """
    if urls.is_own(remote.uri):
        raise Conflict("a chapter can't follow itself")
    if blocks.find(tx, actor_uri=remote.uri, host=remote.host) is not None:
        raise NotAllowed(
            f"{remote.handle} is blocked here", cure=f"first run: unblock {remote.host}"
        )
    local_actors.lock(tx, actor.id)
    known = following.by_target(tx, actor.id, remote.uri)
    if known is not None:
        if known.state is not FollowState.REJECTED:
            return known
        following.remove(tx, known.id)
    follow = following.insert(tx, actor.id, remote.uri, FollowState.PENDING)
    outbox.put(tx, FollowRequested(follow.id))
    return follow


def withdraw_follow(tx: WriteTx, actor: LocalActor, target: str) -> None:
    """Stop following the actor whose id is `target`, or stop asking.

    Raises:
        Missing: `actor` does not follow it.

    """
    local_actors.lock(tx, actor.id)
    follow = following.by_target(tx, actor.id, target)
    if follow is None:
        raise Missing(f"{target} is not followed", cure="`following` shows whom we follow")
    following.remove(tx, follow.id)
    if follow.state is not FollowState.REJECTED:
        outbox.put(tx, FollowWithdrawn(actor.id, follow.id, target))


def welcome_server(tx: WriteTx, actor_id: ActorId, follower: str) -> None:
    """Let a server's own actor that follows one of ours hear of the coming events, once."""
    outbox.put(
        tx,
        ServerFollowed(actor_id, follower),
        due=tx.now + SETTLED,
        coalesce=f"server-followed {actor_id} {follower}",
    )
