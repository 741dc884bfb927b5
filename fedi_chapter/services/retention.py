"""How long what we no longer need is kept, and its sweeping out.

Called by the clock (`workers.schedule`). Who deletes something of theirs is served at once by
the handlers; here goes what merely grew old. Collect less, delete sooner.
"""

from collections.abc import Sequence
from datetime import timedelta

from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import members
from fedi_chapter.services.organizers import IDLE
from fedi_chapter.store import (
    attendees,
    door,
    expiry,
    inbox,
    member_sessions,
    notice_queue,
    oauth_apps,
    replies,
    sign_ins,
    undone,
)
from fedi_chapter.store.tx import ReadTx, WriteTx

LEDGER = timedelta(days=30)
"""How long we know an incoming activity again: far longer than anyone delivers one."""
RAW_BODIES = timedelta(days=14)
"""How long an activity we could not process is kept to be looked at."""
DELIVERIES = timedelta(days=30)
"""How long we remember who was told of a thing that is deleted."""
ANSWERS = timedelta(hours=1)
"""How long after they arrived our answers to others are kept: each names its reader."""
MOST_ANSWERS = 5_000
"""Forgotten in one sweep at most; the others at the next."""
NOTICES = timedelta(days=30)
"""How long after an event we know who was told what, so that nobody is told twice."""
WORDS = timedelta(days=1)
"""How long a direct message is kept after it arrived or was given up, for its writer's report."""
SIGN_IN = timedelta(days=1)
REGISTRATIONS = timedelta(days=180)
"""How long we stay registered at a server where nobody signs in any more."""
MESSAGES = timedelta(days=90)
"""How long a private message waits to be read by an organizer."""
HELD = timedelta(days=30)
"""How long a reply waits for an organizer, and how long one that was hidden can be shown again."""
NEWS, NEWS_KEPT = timedelta(days=90), 20
"""How long posts and past events of neighbours are kept; their newest posts however old."""
TOMBSTONES = timedelta(days=90)
"""How long we remember what others deleted or took back, so that a late copy stays out."""
STRANGERS = LEDGER
"""How long an actor met once is known: no longer than what it sent."""
MOST_ATTENDEES = 1_000
"""Forgotten in one transaction at most."""
MOST_STRANGERS = 10_000
"""Forgotten in one sweep at most; the others at the next."""


def sweep(tx: WriteTx, urls: Urls) -> dict[str, int]:
    """Delete what is over; return how much of each kind."""
    return {
        "inbox_bodies": expiry.empty_bodies(tx, tx.now - RAW_BODIES),
        "inbox_rows": inbox.purge(tx, tx.now - LEDGER),
        "sign_in_links": expiry.sign_in(tx, tx.now - SIGN_IN),
        "sessions": expiry.idle_sessions(tx, tx.now - IDLE),
        "member_sessions": member_sessions.sweep(
            tx, begun_before=tx.now - members.LONGEST, seen_before=tx.now - members.IDLE
        ),
        "sign_ins": sign_ins.sweep(tx),
        "oauth_apps": oauth_apps.sweep(tx, checked_before=tx.now - REGISTRATIONS),
        "tombstones": expiry.foreign_tombstones(tx, tx.now - TOMBSTONES),
        "threads": replies.purge_threads(tx, tx.now - TOMBSTONES),
        "undone": undone.purge(tx, tx.now - TOMBSTONES),
        "deliveries": _sweep_deliveries(tx, urls),
        "answers": expiry.spent_answers(tx, tx.now - ANSWERS, MOST_ANSWERS),
        "messages": expiry.messages_before(tx, tx.now - MESSAGES),
        "held_replies": expiry.held_replies(tx, tx.now - HELD),
        "hidden_words": expiry.hidden_words(tx, tx.now - HELD),
        "neighbours": expiry.neighbour_things(tx, tx.now - NEWS, NEWS_KEPT),
        "door": door.purge(tx, tx.now - NOTICES),
        "notices": notice_queue.purge(tx, tx.now - NOTICES),
        "places": attendees.forget_unused_places(tx),
        "words_to_one": notice_queue.forget_words(tx, urls.notice(""), tx.now - WORDS)
        + notice_queue.forget_words_to_heads(tx, urls.notice(""), tx.now - ANSWERS),
    }


def forget_attendees(tx: WriteTx, after: timedelta) -> int:
    """Forget some of those who came to events that ended `after` or longer ago; return how many.

    Gone are who they were, what they were told, the key of what was only counted, and the exact
    place; the numbers stay. Called again until nothing is left, so that nobody waits long.
    """
    return attendees.forget_some(tx, tx.now - after, MOST_ATTENDEES)


def strangers(tx: ReadTx) -> list[str]:
    """Return ids of actors of other servers whom nothing here needs to know any more."""
    return expiry.strangers(tx, tx.now - STRANGERS, MOST_STRANGERS)


def forget_strangers(tx: WriteTx, uris: Sequence[str]) -> int:
    """Forget those of the actors `uris` who have not come back meanwhile; return how many.

    Called with some at a time: looking for them needs no writer, and forgetting holds it briefly.
    """
    return expiry.forget_strangers(tx, uris, tx.now - STRANGERS)


def _sweep_deliveries(tx: WriteTx, urls: Urls) -> int:
    before = tx.now - DELIVERIES
    events, posts = expiry.deleted_things(tx, before)
    uris = [urls.post(post) for post in posts]
    for event in events:
        uris += [urls.event(event), urls.face(event)]
    return expiry.deliveries_about(tx, uris, before)
