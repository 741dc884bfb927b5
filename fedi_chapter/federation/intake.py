"""Notes and events of others: what they are to us, and where they are kept.

Called by every handler that ends up with a note or an event, however it came: sent, edited,
fetched from its origin, boosted. The author has been proved before. An audience never grows
here: what was private stays private whatever a later copy says (OBJ-09).
"""

from dataclasses import replace
from datetime import datetime

from fedi_chapter.core.errors import UnsafeAddress
from fedi_chapter.domain.conversation import Message, Reply, ReplyState
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost, tells_of
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import dating, learning, ours, spoken, undoing
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Held, Ignored, Lacking, Outcome
from fedi_chapter.net.guard import judge_link
from fedi_chapter.store import (
    followers,
    following,
    known,
    local_actors,
    messages,
    neighbours,
    replies,
    unfilled,
)
from fedi_chapter.store.known import Known
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import EventDocument, Note
from fedi_chapter.vocab.shape import same_host

KNOWN = Ignored("known already")
DELETED = Ignored("deleted before")
CROWDED = Ignored("as many replies as are kept, of one person or at all")
NOT_OURS = Ignored("neither to us nor from somebody we follow")

DEEPEST = 20
"""Deleted answers of ours to answers of ours that are followed up."""
MOST = replies.ReplyLimits(in_thread=1_000, of_one=20, held_of_one=5, held_of_host=100)
"""Replies that are kept in one thread, and of one person in it; and that may wait for an organizer,
of one person and of all on one host."""


def take_note(
    tx: WriteTx, note: Note, author: RemoteActor, case: Case, *, is_update: bool = False
) -> Outcome:
    """Keep a note as a change of a known one, a reply, a message or a neighbour's post.

    An update that names no time counts as made when it came.
    """
    note = dating.dated(note, case)
    match _as_what(tx, note.id, author):
        case Known.DELETED:
            return DELETED
        case Known.REPLY:
            return _change_reply(tx, note, author, case, is_update=is_update)
        case Known.POST:
            return _change_post(tx, note, author, case, is_update=is_update)
        case Known.MESSAGE:
            return _change_message(tx, note, author, case, is_update=is_update)
        case Known.EVENT:
            return KNOWN
    if not note.is_public:
        return _take_message(tx, note, author, case.urls)
    return _take_public(tx, note, author, case)


def _take_public(tx: WriteTx, note: Note, author: RemoteActor, case: Case) -> Outcome:
    root = root_of(tx, case.urls, note.in_reply_to)
    if root is None and case.above is None:
        missing = missing_above(tx, note, case.urls)
        if missing is not None and _is_to_us(tx, note, case.urls):
            return Lacking(missing)
    if root is None and case.above:
        _take_above(tx, case)
        root = root_of(tx, case.urls, note.in_reply_to)
    if root is not None:
        return _take_reply(tx, note, author, root, case)
    if following.is_followed(tx, author.uri):
        return take_neighbour_post(tx, note, author, case)
    return NOT_OURS


def take_neighbour_post(tx: WriteTx, note: Note, author: RemoteActor, case: Case) -> Outcome:
    """Keep a public post that somebody we follow wrote or boosted."""
    note = dating.dated(note, case)
    match _as_what(tx, note.id, author):
        case Known.DELETED:
            return DELETED
        case Known():
            return KNOWN
    if not note.is_listed:
        return Ignored("not for public timelines")
    if note.in_reply_to is not None:
        return Ignored("a reply in a conversation of others")
    post = _neighbour_post(note, author, note.published or case.received_at)
    if any(tells_of(post, event) for event in neighbours.events_near(tx, post)):
        return Ignored("tells of an event that is kept")
    neighbours.put_post(tx, post)
    return Done("neighbour's post kept")


def take_event(
    tx: WriteTx,
    document: EventDocument,
    author: RemoteActor,
    case: Case,
    *,
    boosted: bool = False,
    is_update: bool = False,
    origin: NeighbourEvent | None = None,
) -> Outcome:
    """Keep or change a public event of somebody we follow, or one they `boosted`.

    Gancio's updates name no time at all: they count as made when they came. What a bare event
    leaves out is as its `origin` says it, or as we know it where the origin was not asked. Whether
    kept or not, it tells that its server takes events.
    """
    learning.sent_event(tx, case.settings, author.host)
    arrived = dating.second(case.received_at)
    event = document.event
    if _as_what(tx, event.uri, author) is Known.DELETED:
        return DELETED
    kept = neighbours.get_event(tx, event.uri)
    if kept is not None and kept.actor_uri != author.uri:
        return Ignored("somebody else's event")
    if not document.is_public:
        if kept is not None:
            neighbours.remove(tx, event.uri, author.uri)
        return Ignored("not a public event")
    if kept is None and not boosted and not following.is_followed(tx, author.uri):
        return NOT_OURS
    if kept is None and not document.is_listed:
        return Ignored("not for public lists")
    known_as = origin or kept
    told = replace(
        _with_safe_picture(event.filled(known_as) if known_as else event),
        actor_uri=author.uri,
        listed=document.is_listed,
        published_at=min(event.published_at, arrived),
        updated_at=dating.no_later(event.updated_at, arrived),
    )
    if is_update and told.updated_at is None:
        told = replace(told, updated_at=arrived)
    elif kept is not None:
        says_more = told != replace(kept, updated_at=told.updated_at)
        if not dating.is_later(told.updated_at, kept.updated_at, says_more=says_more):
            return KNOWN
    _put_event(tx, told)
    return Done("neighbour's event kept" if kept is None else "neighbour's event changed")


def _with_safe_picture(event: NeighbourEvent) -> NeighbourEvent:
    """Return an event without its picture where the link to that leads nowhere people may go."""
    if event.picture_url is None:
        return event
    try:
        return replace(event, picture_url=judge_link(event.picture_url).url)
    except UnsafeAddress:
        return replace(event, picture_url=None, picture_alt="")


def _as_what(tx: WriteTx, uri: str, author: RemoteActor) -> Known | None:
    """Return as what we keep something; a Delete of it by another of its host is forgotten."""
    found = known.as_what(tx, uri)
    if found is Known.DELETED and undoing.lift(tx, author.uri, uri):
        return known.as_what(tx, uri)
    return found


def _put_event(tx: WriteTx, event: NeighbourEvent) -> None:
    """Keep an event, and no post that only tells of it."""
    neighbours.put_event(tx, event)
    unfilled.remove(tx, event.uri)
    for post in neighbours.posts_near(tx, event):
        if tells_of(post, event):
            neighbours.remove(tx, post.uri, post.actor_uri)


def root_of(tx: ReadTx, urls: Urls, in_reply_to: str | None) -> str | None:
    """Return the thing of ours at the top of the thread that `in_reply_to` stands in.

    An answer of ours that was deleted leaves what it answered.
    """
    for _ in range(DEEPEST):
        if in_reply_to is None:
            return None
        if not same_host(in_reply_to, urls.base):
            return replies.root_of(tx, in_reply_to)
        if ours.owner_at(tx, urls, in_reply_to):
            return in_reply_to
        in_reply_to = ours.answered_by_deleted(tx, urls, in_reply_to)
    return None


def missing_above(tx: ReadTx, note: Note, urls: Urls) -> str | None:
    """Return what a note answers when nothing is known of that and another server has it."""
    uri = note.in_reply_to
    if uri is None or same_host(uri, urls.base) or known.as_what(tx, uri) is not None:
        return None
    return uri if replies.root_of(tx, uri) is None else None


def _is_to_us(tx: ReadTx, note: Note, urls: Urls) -> bool:
    """Tell whether a note names one of our actors: nothing is fetched for any other."""
    named = {*note.to, *note.cc, *note.mentions}
    if not any(same_host(uri, urls.base) for uri in named):
        return False
    return any(
        {urls.actor(actor), urls.followers(actor)} & named for actor in local_actors.everyone(tx)
    )


def _take_above(tx: WriteTx, case: Case) -> None:
    """Keep what was fetched of the thread above, as far as it stands below something of ours."""
    for each in case.above or ():
        note = each.content
        if not isinstance(note, Note) or known.as_what(tx, note.id) is not None:
            continue
        root = root_of(tx, case.urls, note.in_reply_to)
        if root is None:
            return
        _take_reply(tx, note, each.author, root, case)


def _take_reply(tx: WriteTx, note: Note, author: RemoteActor, root: str, case: Case) -> Outcome:
    state = _reply_state(tx, author, case.settings.replies)
    reply = Reply(
        uri=note.id,
        actor_uri=author.uri,
        in_reply_to=note.in_reply_to or root,
        root=root,
        html=note.content,
        published_at=note.published or case.received_at,
        url=note.url,
        language=note.language,
        updated_at=note.updated,
        unlisted=not note.is_listed,
        state=state,
        warning=note.warning,
        attached=note.attached,
    )
    is_crowded = _is_crowded(tx, root, author, state)
    if not is_crowded:
        replies.put(tx, reply)
    answered = spoken.hear(tx, note, author, case.urls)
    if answered is not None:
        return answered
    if is_crowded:
        return CROWDED
    if state is ReplyState.SHOWN:
        return Done("reply shown")
    return Held("a reply of somebody who does not follow us")


def _is_crowded(tx: ReadTx, root: str, author: RemoteActor, state: ReplyState) -> bool:
    """Tell whether as many replies are kept as may be: in a thread, or held for an organizer."""
    full = replies.full(tx, root, author.uri, MOST)
    if state is ReplyState.HELD and (full.held_of_one or full.held_of_host):
        return True
    return full.in_thread or full.of_one


def _reply_state(tx: ReadTx, author: RemoteActor, policy: str) -> ReplyState:
    if policy == "everyone":
        return ReplyState.SHOWN
    if policy == "followers" and followers.is_follower(tx, author.uri):
        return ReplyState.SHOWN
    return ReplyState.HELD


def _change_post(
    tx: WriteTx, note: Note, author: RemoteActor, case: Case, *, is_update: bool
) -> Outcome:
    post = neighbours.get_post(tx, note.id)
    if post is None or post.actor_uri != author.uri:
        return Ignored("somebody else's post")
    if not note.is_listed:
        neighbours.remove(tx, note.id, author.uri)
        return Done("withdrawn from the public")
    newer = dating.edit(
        _neighbour_post(note, author, post.published_at), post, case, is_update=is_update
    )
    if newer is None:
        return KNOWN
    neighbours.put_post(tx, newer)
    return Done("neighbour's post changed")


def _change_reply(
    tx: WriteTx, note: Note, author: RemoteActor, case: Case, *, is_update: bool
) -> Outcome:
    reply = replies.get(tx, note.id)
    if reply is None or reply.actor_uri != author.uri:
        return Ignored("somebody else's reply")
    if not note.is_public:
        replies.remove(tx, reply.uri)
        return Done("withdrawn from the public")
    told = replace(
        reply,
        html=note.content,
        warning=note.warning,
        attached=note.attached,
        language=note.language,
        updated_at=note.updated,
        unlisted=reply.unlisted or not note.is_listed,
    )
    newer = dating.edit(told, reply, case, is_update=is_update)
    if newer is None:
        return KNOWN
    replies.put(tx, newer)
    answered = spoken.hear(tx, note, author, case.urls, before=reply.html)
    return answered or Done("reply changed")


def _take_message(tx: WriteTx, note: Note, author: RemoteActor, urls: Urls) -> Outcome:
    if not _is_to_us(tx, replace(note, mentions=()), urls):
        return Ignored("not public and not to us")
    message = Message(
        uri=note.id,
        actor_uri=author.uri,
        html=note.content,
        published_at=note.published or tx.now,
        in_reply_to=note.in_reply_to,
        updated_at=note.updated,
        warning=note.warning,
        attached=note.attached,
    )
    answered = spoken.hear(tx, note, author, urls)
    if answered is not None and not spoken.is_unclear(note):
        return answered  # understood and done: nobody need read it
    messages.make_room(tx, author.uri)
    messages.put(tx, message)
    return answered or Done("message kept")


def _change_message(
    tx: WriteTx, note: Note, author: RemoteActor, case: Case, *, is_update: bool
) -> Outcome:
    """Keep the newer text of a message; it stays one, whoever may read its post by now."""
    message = messages.get(tx, note.id)
    if message is None or message.actor_uri != author.uri:
        return Ignored("somebody else's message")
    told = replace(
        message,
        html=note.content,
        warning=note.warning,
        attached=note.attached,
        updated_at=note.updated,
    )
    newer = dating.edit(told, message, case, is_update=is_update)
    if note.is_public or newer is None:
        return KNOWN
    messages.put(tx, newer)
    answered = spoken.hear(tx, note, author, case.urls, before=message.html)
    return answered or Done("message changed")


def _neighbour_post(note: Note, author: RemoteActor, published_at: datetime) -> NeighbourPost:
    return NeighbourPost(
        uri=note.id,
        actor_uri=author.uri,
        html=note.content,
        published_at=published_at,
        url=note.url,
        title=note.name,
        language=note.language,
        updated_at=note.updated,
        warning=note.warning,
        attached=note.attached,
    )
