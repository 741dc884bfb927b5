"""The sample chapter as its organizers see it: people who run it, and things that wait for them.

Used by the tests of the console and by the browser. `seed_desk` comes after `seed`.
"""

from datetime import timedelta

from fedi_chapter.domain.conversation import Message, Reply, ReplyState, Report
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import PostPublished
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.organizer import Role
from fedi_chapter.services import notices
from fedi_chapter.services.organizers import token_hash
from fedi_chapter.store import (
    activities,
    deliveries,
    followers,
    inbox,
    messages,
    organizers,
    outbox,
    remote_actors,
    replies,
    reports,
)
from fedi_chapter.store.tables import deliveries as delivery_table
from fedi_chapter.store.tables import hosts as host_table
from fedi_chapter.store.tables import inbox as inbox_table
from fedi_chapter.store.tables import notices as notice_table
from fedi_chapter.store.tables import outbox as outbox_table
from fedi_chapter.store.tx import WriteTx
from tests.kit.neighbourhood import BUS, CHAPTER, HOSTILE, MARA, NOW, URLS, a_remote, a_reply

JUN = "https://far.example.net/users/jun"
HELD = a_reply(3, URLS.event(BUS.id), "<p>Held for now</p>", state=ReplyState.HELD)
HOSTILE_HELD: Reply = a_reply(
    9, URLS.event(BUS.id), HOSTILE, state=ReplyState.HELD, url="javascript:alert(1)"
)
PRIVATE = Message(
    f"{MARA}/notes/1", MARA, "<p>May I bring <b>my dog</b>?</p>", NOW, warning="A question"
)
REPORT = "0197c1b2-7a10-7cc2-9f5e-000000000c01"


def link_of(role: Role) -> str:
    """Return the token of the sign-in link that waits for the organizer of that role."""
    return f"link-of-the-{role}"


def seed_desk(tx: WriteTx) -> None:
    """Add an organizer of each role with a link, and something of everything that waits."""
    for role in Role:
        person = organizers.put(tx, f"Ana the {role}", role)
        organizers.put_link(tx, person.id, token_hash(link_of(role)), tx.now + timedelta(days=1))
    remote_actors.put(tx, a_remote(JUN, "jun@far.example.net", "Jun Park"))
    followers.put(tx, CHAPTER.id, MARA, f"{MARA}#follow", FollowState.ACCEPTED)
    followers.put(tx, CHAPTER.id, JUN, f"{JUN}#follow", FollowState.PENDING)
    replies.put(tx, HOSTILE_HELD)
    objects = (URLS.event(BUS.id), "javascript:alert(1)")
    reports.put(tx, Report(REPORT, JUN, objects, "They <b>shout</b> a lot.", tx.now))
    messages.put(tx, PRIVATE)
    _queue(tx)


def _queue(tx: WriteTx) -> None:
    """Leave a message waiting for a server that fails, one given up, and four jobs set aside."""
    for number, host in enumerate(("slow.example.com", "gone.example.com")):
        told = activities.put(
            tx,
            uri=f"{URLS.base}/activities/{number}",
            type="Create",
            actor_id=CHAPTER.id,
            object_uri=URLS.event(BUS.id),
            body=b"{}",
            digest="",
        )
        deliveries.to_inbox(tx, told, f"https://{host}/inbox", host)
    fails = host_table.update().where(host_table.c.host == "slow.example.com")
    rest = {"failing_since": tx.now - timedelta(days=2), "rest_until": tx.now + timedelta(hours=1)}
    tx.conn.execute(fails.values(failures=7, **rest))
    given_up = delivery_table.update().where(delivery_table.c.host == "gone.example.com")
    tx.conn.execute(given_up.values(state="failed", finished_at=tx.now))
    outbox.put(tx, PostPublished("0197c1b2-7a10-7cc2-9f5e-000000000d01"))
    inbox.put_many(tx, [Incoming(f"{JUN}/{each}", JUN, "Like", b"{}") for each in range(2)])
    tx.conn.execute(outbox_table.update().values(parked_at=tx.now, error="RuntimeError: bug"))
    tx.conn.execute(inbox_table.update().values(state="parked", outcome="RuntimeError: bug"))
    notices.tell_actor(tx, BUS, JUN, NoticeKind.UNSURE, occasion="reply")
    tx.conn.execute(notice_table.update().values(state="failed", recipient="", ended_at=tx.now))
