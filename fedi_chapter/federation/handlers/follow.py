"""Follow: somebody wants to hear from one of ours (mastodon.md §9 item 40, events.md §9.6 item 23).

Answered by an Accept that embeds the Follow as it came. A repeated Follow is accepted again
under its new id. A server's own actor, such as a Mobilizon relay, is sent the upcoming events.
When more come at once than a chapter's good news explains, the rest wait for an organizer.
"""

from datetime import timedelta

from fedi_chapter.domain.follower import Follower, FollowState
from fedi_chapter.domain.moderation import FederationMode
from fedi_chapter.federation import answer, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Held, Ignored, Outcome
from fedi_chapter.services.following import welcome_server
from fedi_chapter.store import followers, hosts
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Follow
from fedi_chapter.vocab.envelopes import accept

LATELY = timedelta(hours=1)
MOST_OF_HOST, MOST = 300, 3_000
"""So many from one host, and in all, are accepted unasked within that time (ABU-01)."""
MOST_WAITING = 1_000
"""So many of one host may wait for an organizer; of more no note is taken."""


def apply(tx: WriteTx, activity: Follow, case: Case) -> Outcome:
    """Store the follower, and accept at once unless an organizer must be asked."""
    followed = ours.followed_at(tx, case.urls, activity.target)
    if followed is None or activity.id is None:
        return Ignored("follows nobody here")
    known = followers.get(tx, followed.id, case.sender.uri)
    state = _state(tx, known, case)
    if state is None:
        return Ignored("too many of that server wait for an organizer")
    followers.put(tx, followed.id, case.sender.uri, activity.id, state)
    if state is FollowState.PENDING:
        return Held("a follower who waits for an organizer")
    document = accept(
        case.urls.activity(tx.new_id()),
        case.urls.actor(followed),
        activity.document,
        case.sender.uri,
    )
    answer.queue(tx, document, by=followed, to=case.sender, about=activity.id)
    if case.sender.is_automatic and not _is_accepted(known):
        welcome_server(tx, followed.id, case.sender.uri)
    return Done("follower accepted")


def _state(tx: ReadTx, known: Follower | None, case: Case) -> FollowState | None:
    """Return what a follower becomes, None when there is no room even to wait."""
    if _is_accepted(known):
        return FollowState.ACCEPTED
    crowd = followers.crowd(tx, case.sender.host, tx.now - LATELY, limit=MOST)
    is_calm = crowd.lately_of_host < MOST_OF_HOST and crowd.lately < MOST
    if is_calm and FederationMode(case.settings.federation) is not FederationMode.HOLD:
        return FollowState.ACCEPTED
    if hosts.is_allowed(tx, case.sender.host):
        return FollowState.ACCEPTED
    if known is None and crowd.waiting_of_host >= MOST_WAITING:
        return None
    return FollowState.PENDING


def _is_accepted(known: Follower | None) -> bool:
    return known is not None and known.state is FollowState.ACCEPTED
