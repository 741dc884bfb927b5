"""Something of one person in every table that can name somebody, but no RSVP.

Used by the tests of what is held and of forgetting.
"""

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.conversation import Message, QuoteAuthorization, Reaction, Reply, Report
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.domain.post import Mention
from fedi_chapter.store import (
    belongings,
    boosts,
    calendar_feeds,
    followers,
    following,
    inbox,
    member_sessions,
    messages,
    neighbours,
    quotes,
    reactions,
    replies,
    reports,
)
from fedi_chapter.store.tx import WriteTx
from tests.kit.builders import CHAPTER_ID, EVENT_ID


def leave_traces(tx: WriteTx, uri: str, *, ours: ActorId = CHAPTER_ID) -> None:
    """Leave something of `uri` in every table that can name somebody, but no RSVP."""
    at, root = tx.now, f"https://chapter.example/events/{EVENT_ID}"
    followers.put(tx, ours, uri, f"{uri}#follow", FollowState.ACCEPTED)
    following.insert(tx, ours, uri, FollowState.ACCEPTED)
    replies.put(tx, Reply(f"{uri}/1", uri, root, root, "<p>Hi</p>", at, f"{uri}/1"))
    messages.put(tx, Message(f"{uri}/2", uri, "<p>psst</p>", at))
    reactions.put(tx, Reaction("like", uri, root, None, at))
    quotes.put(tx, QuoteAuthorization(tx.new_id(), f"{uri}/3", root, uri, at))
    reports.put(tx, Report(tx.new_id(), uri, (f"{uri}/other",), "rude", at))
    neighbours.put_post(tx, NeighbourPost(f"{uri}/4", uri, "<p>x</p>", at, f"{uri}/4"))
    neighbours.put_event(tx, NeighbourEvent(f"{uri}/5", uri, "x", at, f"{uri}/5", at))
    belongings.set_mentions(tx, tx.new_id(), [Mention(uri, uri, "x@social.example")])
    boosts.insert(tx, ours, f"{uri}/4", uri)
    inbox.put_many(tx, [Incoming(f"{uri}/6", uri, "Like", b"{}")])
    member_sessions.insert(tx, f"token of {uri}", uri)
    calendar_feeds.renew(tx, uri)
