"""Forgetting a person: everything they left here, in one transaction.

Called by the member's own page, by "forget me" in a reply, and when an account was deleted.
What is erased and what stays is listed in `store.holdings`.
"""

from fedi_chapter.domain.happening import FollowerRemoved, FollowWithdrawn
from fedi_chapter.services import members, rsvps
from fedi_chapter.store import followers, following, holdings, local_actors, outbox, replies
from fedi_chapter.store.tx import WriteTx


def forget_person(tx: WriteTx, actor_uri: str, *, is_gone: bool = False) -> None:
    """Erase all that names an actor of another server, and part ways with it.

    Seats at coming events are free again; of past ones the counts stay. Sessions end, and the
    address of their calendar feed leads nowhere. Unless the account `is_gone`, its server hears
    that the follows between us are over. The copy of the public profile stays until the next
    sweep of strangers, so that a last word can reach them.
    """
    for event, rsvp in members.answers_of(tx, actor_uri):
        rsvps.forget(tx, event, rsvp)
    if not is_gone:
        _part(tx, actor_uri)
    replies.remove_all_of(tx, actor_uri)
    holdings.erase(tx, actor_uri)


def _part(tx: WriteTx, actor_uri: str) -> None:
    for ours in local_actors.everyone(tx):
        follower = followers.get(tx, ours.id, actor_uri)
        if follower is not None:
            outbox.put(tx, FollowerRemoved(ours.id, actor_uri, follower.follow_activity))
        follow = following.by_target(tx, ours.id, actor_uri)
        if follow is not None:
            outbox.put(tx, FollowWithdrawn(ours.id, follow.id, actor_uri))
