"""How the software out there says that somebody comes: one function for each dialect.

Each returns the activity as that software writes it, for any of its members. Used by the tests
of RSVP routes; what becomes of them is asserted there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.kit.peers.member import AS, Json, Member


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an activity has to name of an event of ours."""

    event: str
    chapter: str
    poll: tuple[str, ...]

    @property
    def face(self) -> str:
        return f"{self.event}/face"


Dialect = Callable[[Member, Invitation], Json]


def _uri(member: Member, kind: str) -> str:
    return f"{member.uri}#{kind}/{next(member.server.numbers)}"


def _stamp(member: Member) -> str:
    return f"{member.server.clock.now():%Y-%m-%dT%H:%M:%SZ}"


def _envelope(member: Member, kind: str, **more: object) -> Json:
    return {"@context": AS, "type": kind, "actor": member.uri, **more}


# -- polls ---------------------------------------------------------------------------------


def mastodon_vote(member: Member, to: Invitation, option: int = 0) -> Json:
    """No `published`, and `to` is a string."""
    uri = _uri(member, "votes")
    note = {
        "id": uri,
        "type": "Note",
        "name": to.poll[option],
        "attributedTo": member.uri,
        "inReplyTo": to.face,
        "to": to.chapter,
    }
    return _envelope(member, "Create", id=f"{uri}/activity", to=to.chapter, object=note)


def gotosocial_vote(member: Member, to: Invitation, option: int = 0) -> Json:
    """The id of the Create holds that of the question; `published` is the poll's own clock."""
    note = {
        "attributedTo": member.uri,
        "id": _uri(member, "01HEN2R65468ZG657C4ZPHJ4EX/votes"),
        "inReplyTo": to.face,
        "name": to.poll[option],
        "to": to.chapter,
        "type": "Note",
    }
    uri = f"{member.uri}/activity#vote{option}/{to.face}"
    published = _stamp(member).replace("Z", "+00:00")
    return _envelope(member, "Create", id=uri, object=note, published=published, to=to.chapter)


def misskey_vote(member: Member, to: Invitation, option: int = 0) -> Json:
    """Everything is a list, and milliseconds count."""
    uri = _uri(member, "votes")
    note = {
        "id": uri,
        "type": "Note",
        "attributedTo": member.uri,
        "to": [to.chapter],
        "inReplyTo": to.face,
        "name": to.poll[option],
    }
    return _envelope(
        member,
        "Create",
        id=f"{uri}/activity",
        to=[to.chapter],
        published=_stamp(member).replace("Z", ".000Z"),
        object=note,
    )


# -- Join and Leave ------------------------------------------------------------------------


def mobilizon_join(member: Member, to: Invitation) -> Json:
    """As Mobilizon writes it today."""
    return _envelope(
        member,
        "Join",
        id=_uri(member, "join/event"),
        object=to.event,
        participationMessage=None,
        published=_stamp(member),
        to=[member.uri, to.chapter],
        cc=[],
    )


def legacy_join(member: Member, to: Invitation) -> Json:
    """As the first Mobilizon did: no audience, no time, and a signature of an older kind."""
    signature = {
        "type": "RsaSignature2017",
        "creator": f"{member.uri}#main-key",
        "created": "2018-02-17T13:29:31Z",
        "signatureValue": "a2V5",
    }
    uri = _uri(member, "join/event")
    return _envelope(member, "Join", id=uri, object=to.event, signature=signature)


def rebased_join(member: Member, to: Invitation) -> Json:
    """An embedded object, and a word to the organizers."""
    return _envelope(
        member,
        "Join",
        id=_uri(member, "activities"),
        object={"id": to.event, "type": "Event"},
        participationMessage="I bring   cake",
        published=_stamp(member),
        to=[to.chapter],
        cc=[],
    )


# -- Accept and its kin --------------------------------------------------------------------


def friendica_accept(member: Member, to: Invitation, kind: str = "Accept") -> Json:
    """Only the event's id."""
    return _envelope(
        member,
        kind,
        id=_uri(member, "objects"),
        published=_stamp(member),
        to=[to.chapter],
        object=to.event,
        instrument={"type": "Service", "name": "Friendica"},
    )


def hubzilla_accept(member: Member, to: Invitation, kind: str = "Accept") -> Json:
    """The event embedded, the actor too."""
    event = {
        "type": "Event",
        "id": to.event,
        "attributedTo": to.chapter,
        "name": "Picnic",
        "startTime": "2026-11-23T12:00:00Z",
    }
    made = _envelope(
        member, kind, id=_uri(member, "item"), published=_stamp(member), to=to.chapter, object=event
    )
    return made | {"actor": {"type": "Person", "id": member.uri, "name": member.name}}


def invite_accept(member: Member, to: Invitation, kind: str = "Accept") -> Json:
    """An invitation around the event, as ActivityStreams itself shows it."""
    invite = {
        "type": "Invite",
        "actor": to.chapter,
        "object": {"type": "Event", "id": to.event, "name": "Picnic"},
    }
    return _envelope(member, kind, object=invite, summary="Sally accepted an invitation")


def bridgy_accept(member: Member, to: Invitation, kind: str = "Accept") -> Json:
    """A list, and no id."""
    return _envelope(member, kind, object=[{"type": "Event", "id": to.event}])


# -- words ---------------------------------------------------------------------------------


def public_reply(member: Member, to: Invitation, words: str = "going") -> Json:
    """A reply to the face that everyone may read."""
    text = f'<a href="{to.chapter}" class="u-url mention">@<span>a</span></a> {words}'
    return member.compose(text, chapter=to.chapter, in_reply_to=to.face)


def private_reply(member: Member, to: Invitation, words: str = "going") -> Json:
    """A reply to the event between the two."""
    text = f"@a {words}"
    return member.compose(text, chapter=to.chapter, in_reply_to=to.event, visibility="direct")


def private_mention(member: Member, to: Invitation, words: str = "going") -> Json:
    """A message that holds the event's address."""
    scheme, rest = to.event.split("//")
    link = (
        f'<a href="{to.event}"><span class="invisible">{scheme}//</span>'
        f'<span class="ellipsis">{rest[:20]}</span><span class="invisible">{rest[20:]}</span></a>'
    )
    return member.compose(f"@a {words} {link}", chapter=to.chapter, visibility="direct")


JOINS: Mapping[str, Dialect] = MappingProxyType(
    {"mobilizon": mobilizon_join, "mobilizon 2018": legacy_join, "rebased": rebased_join}
)
"""Dialects whose senders wait for an answer."""
DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "mastodon vote": mastodon_vote,
        "gotosocial vote": gotosocial_vote,
        "misskey vote": misskey_vote,
        **JOINS,
        "friendica": friendica_accept,
        "hubzilla": hubzilla_accept,
        "invitation": invite_accept,
        "bridgy": bridgy_accept,
        "public reply": public_reply,
        "private reply": private_reply,
        "private mention": private_mention,
    }
)
"""Everything that means: I am going."""
