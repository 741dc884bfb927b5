"""Whom we deal with, and whose words show: block, allow, hold, show, hide.

Called by the command line and the organizers' pages, inside their transaction. That blocked
senders are refused is the business of `federation`.
"""

from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.core.names import ascii_address, ascii_host
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.conversation import Reply, ReplyState
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.follower import Follower, Following, FollowState
from fedi_chapter.domain.happening import (
    FollowerAccepted,
    FollowerRemoved,
    FollowWithdrawn,
    JoinAnswered,
)
from fedi_chapter.domain.moderation import Block, host_and_parents
from fedi_chapter.domain.rsvp import Route, Rsvp
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.following import welcome_server
from fedi_chapter.services.members import answers_of
from fedi_chapter.services.rsvps import forget
from fedi_chapter.store import (
    blocks,
    deliveries,
    events,
    followers,
    following,
    hosts,
    local_actors,
    messages,
    outbox,
    remote_actors,
    replies,
    reports,
    rsvps,
)
from fedi_chapter.store.tx import WriteTx


def block(tx: WriteTx, target: str, urls: Urls) -> Block:
    """Refuse a host with its subdomains, or an actor by id, and part ways with them.

    Who followed us is removed as a follower, whom we followed is followed no more; what they
    said here is seen no more, the seats they had are free again, and what still waits to be told
    there is not told.

    Raises:
        FormInvalid: `target` is neither a host nor an actor's id.
        Conflict: that is this server.

    """
    name, kind = target_of(target)
    ours = {host_and_parents(each)[0] for each in (urls.domain, urls.host)}
    if urls.is_own(name) or name in ours:
        raise Conflict("this server can't block itself", cure="name somebody elsewhere")
    made = Block(name, kind, tx.now)
    blocks.put(tx, made)
    for actor in local_actors.everyone(tx):
        _part(tx, actor, made)
    remote_actors.silence(tx, made)
    _release_seats(tx, made)
    deliveries.give_up_on_refused(tx)
    return made


def unblock(tx: WriteTx, target: str) -> str:
    """Deal with a host or an actor again, and return its name as the block had it.

    Follows and replies do not come back by themselves.

    Raises:
        FormInvalid: `target` is neither a host nor an actor's id.
        Missing: it is not blocked.

    """
    name, _ = target_of(target)
    if not blocks.remove(tx, name):
        raise Missing(f"{name} is not blocked", cure="`blocks` shows what is")
    return name


def allow(tx: WriteTx, host: str) -> str:
    """Let a host through where FEDERATION is `hold` or `allowlist`; return its name.

    Its followers who wait are accepted, and more than usual may come at once (ABU-01).

    Raises:
        FormInvalid: that is not a host.
        Conflict: it is blocked.

    """
    name, kind = target_of(host)
    if kind != "host":
        raise FormInvalid(f"{host} is not a host", cure="give a name such as chapter.example.org")
    if blocks.find(tx, actor_uri=None, host=name) is not None:
        raise Conflict(f"{name} is blocked", cure=f"first run: unblock {name}")
    # Hosts are known with their port where it is not the usual one; blocks are not.
    port = host.strip().rpartition(":")[2]
    allowed = f"{name}:{port}" if port.isascii() and port.isdigit() else name
    hosts.allow(tx, allowed)
    for actor in local_actors.everyone(tx):
        _accept_waiting(tx, actor, allowed)
    return allowed


def close_report(tx: WriteTx, report_id: str) -> None:
    """Put a report away: somebody has dealt with it.

    Raises:
        Missing: there is no such report, or it is closed.

    """
    if not reports.close(tx, report_id):
        raise Missing("there is no such open report")


def close_message(tx: WriteTx, uri: str) -> None:
    """Put a private message away for good: somebody has read it.

    Raises:
        Missing: we have no such message.

    """
    if messages.get(tx, uri) is None:
        raise Missing("there is no such message")
    messages.remove(tx, uri)


def judge_reply(tx: WriteTx, uri: str, state: ReplyState) -> Reply:
    """Show or hide a reply on our pages.

    Raises:
        Missing: we have no such reply.

    """
    reply = replies.get(tx, uri)
    if reply is None:
        raise Missing("there is no such reply", cure="`replies list` shows them")
    replies.set_state(tx, uri, state)
    return replace(reply, state=state)


def target_of(text: str) -> tuple[str, Literal["host", "actor"]]:
    """Return what a block is about: a host's name, or an actor's id.

    Raises:
        FormInvalid: it is neither.

    """
    word = ascii_address(text.strip())
    if word.startswith(("https://", "http://")):
        try:
            parts = urlsplit(word)
        except ValueError:
            raise _no_target(text) from None
        if parts.hostname and (parts.path.strip("/") or parts.fragment):
            return word, "actor"
        word = parts.netloc
    host = ascii_host(word.removeprefix("@"))
    if host is None:
        raise _no_target(text)
    return host_and_parents(host)[0], "host"


def _no_target(text: str) -> FormInvalid:
    return FormInvalid(
        f"{text!r} is neither a host nor an actor",
        cure="give a host such as bad.example, or the address of an actor",
    )


def _accept_waiting(tx: WriteTx, actor: LocalActor, host: str) -> None:
    for follower in followers.of_host(tx, actor.id, host):
        if followers.let_in(tx, follower):
            outbox.put(tx, FollowerAccepted(actor.id, follower.uri, follower.follow_activity))
            remote = remote_actors.get(tx, follower.uri)
            if remote is not None and remote.is_automatic:
                welcome_server(tx, actor.id, follower.uri)


def _part(tx: WriteTx, actor: LocalActor, made: Block) -> None:
    for follower in _their_follows(tx, actor, made):
        followers.remove(tx, actor.id, follower.uri)
        outbox.put(tx, FollowerRemoved(actor.id, follower.uri, follower.follow_activity))
    for follow in _our_follows(tx, actor, made):
        following.remove(tx, follow.id)
        if follow.state is not FollowState.REJECTED:
            outbox.put(tx, FollowWithdrawn(actor.id, follow.id, follow.uri))


def _release_seats(tx: WriteTx, made: Block) -> None:
    """Erase their answers to what is still ahead; who came before stays written down."""
    for event, rsvp in _their_answers(tx, made):
        if event.over_at <= tx.now:
            continue
        if rsvp.route is Route.JOIN and rsvp.actor_uri and rsvp.activity_id:
            outbox.put(tx, JoinAnswered(event.id, rsvp.actor_uri, rsvp.activity_id, "Reject"))
        forget(tx, event, rsvp)


def _their_answers(tx: WriteTx, made: Block) -> list[tuple[Event, Rsvp]]:
    if made.kind == "actor":
        return answers_of(tx, made.target)
    return [
        (event, rsvp)
        for rsvp in rsvps.named(tx)
        if _is_meant(rsvp.actor_uri or "", made) and (event := events.get(tx, rsvp.event_id))
    ]


def _their_follows(tx: WriteTx, actor: LocalActor, made: Block) -> list[Follower]:
    everyone = [*followers.listing(tx, actor.id), *followers.pending(tx, actor.id)]
    return [follower for follower in everyone if _is_meant(follower.uri, made)]


def _our_follows(tx: WriteTx, actor: LocalActor, made: Block) -> list[Following]:
    return [follow for follow in following.listing(tx, actor.id) if _is_meant(follow.uri, made)]


def _is_meant(uri: str, made: Block) -> bool:
    if made.kind == "actor":
        return uri == made.target
    return made.target in host_and_parents(urlsplit(uri).netloc)
