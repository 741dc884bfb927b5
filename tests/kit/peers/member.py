"""Somebody with a Mastodon account: every verb is a button of the web page.

The JSON has the shapes Mastodon 4.5 sends, signed with the member's key. The server they
live on is in `peers.mastodon`.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SetClock
from tests.kit.network import Network
from tests.kit.peers.signatures import signed_post

Json = dict[str, object]
AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"


@dataclass(frozen=True, slots=True)
class Received:
    """An activity that came in with a good signature."""

    inbox: str
    signer: str
    activity: Json


class Server(Protocol):
    """A member's server, as far as members and tests look at it."""

    host: str
    network: Network
    clock: SetClock
    key: RSAPrivateKey
    numbers: "count[int]"
    members: "dict[str, Member]"
    received: list[Received]

    @property
    def base(self) -> str: ...

    def member(self, name: str) -> "Member": ...

    def types(self) -> list[object]: ...

    async def profile(self, uri: str) -> Json: ...

    def public_key(self, owner: str) -> Json: ...


@dataclass
class Member:
    """Somebody with an account there. Every verb returns the status of the answer."""

    server: Server
    name: str
    key: RSAPrivateKey
    """What it signs with; the published one is the server's."""
    display_name: str = ""
    deleted: bool = False
    also_known_as: list[str] = field(default_factory=list)
    statuses: dict[str, Json] = field(default_factory=dict)
    follows: dict[str, Json] = field(default_factory=dict)
    likes: dict[str, Json] = field(default_factory=dict)
    boosts: dict[str, Json] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"{self.server.base}/users/{self.name}"

    @property
    def handle(self) -> str:
        return f"{self.name}@{self.server.host}"

    def document(self) -> Json:
        """The actor as Mastodon publishes it."""
        return {
            "id": self.uri,
            "type": "Person",
            "following": f"{self.uri}/following",
            "followers": f"{self.uri}/followers",
            "inbox": f"{self.uri}/inbox",
            "outbox": f"{self.uri}/outbox",
            "featured": f"{self.uri}/collections/featured",
            "preferredUsername": self.name,
            "name": self.display_name or self.name.title(),
            "summary": "",
            "url": f"{self.server.base}/@{self.name}",
            "manuallyApprovesFollowers": False,
            "published": "2019-01-01T00:00:00Z",
            "alsoKnownAs": self.also_known_as,
            "publicKey": self.server.public_key(self.uri),
            "tag": [],
            "attachment": [],
            "endpoints": {"sharedInbox": f"{self.server.base}/inbox"},
        }

    # -- sending --------------------------------------------------------------------------

    def activity(self, kind: str, thing: object, *, uri: str | None, **more: object) -> Json:
        named = {"id": uri} if uri else {}
        return {
            "@context": AS,
            **named,
            "type": kind,
            "actor": self.uri,
            "object": thing,
            **more,
        }

    async def send(self, inbox: str, activity: Json, *, key_id: str | None = None) -> int:
        """POST an activity, signed with this member's key, or under another `key_id`."""
        return await self.send_raw(inbox, json.dumps(activity).encode(), key_id=key_id)

    async def send_raw(self, inbox: str, body: bytes, *, key_id: str | None = None) -> int:
        headers = signed_post(
            self.key, key_id or f"{self.uri}#main-key", inbox, body, self.server.clock.now()
        )
        response = await self.server.network.send("POST", inbox, headers, body)
        return response.status_code

    async def to_personal(self, target: str, activity: Json) -> int:
        """Deliver to the personal inbox of the chapter that `target` belongs to."""
        actor = await self.server.profile(_chapter_of(target))
        return await self.send(str(actor["inbox"]), activity)

    async def to_shared(self, target: str, activity: Json) -> int:
        """Deliver to the shared inbox of the server that `target` belongs to."""
        actor = await self.server.profile(_chapter_of(target))
        endpoints = actor["endpoints"]
        assert isinstance(endpoints, dict)
        return await self.send(endpoints["sharedInbox"], activity)

    def _next(self) -> int:
        return next(self.server.numbers)

    def _now(self) -> str:
        return _stamp(self.server.clock.now())

    # -- buttons --------------------------------------------------------------------------

    async def follow(self, actor: str) -> int:
        follow = self.activity("Follow", actor, uri=f"{self.server.base}/{self._next()}")
        self.follows[actor] = follow
        return await self.to_personal(actor, follow)

    async def unfollow(self, actor: str) -> int:
        return await self.to_personal(actor, self._undo(self.follows[actor], "follows"))

    async def like(self, thing: str) -> int:
        like = self.activity("Like", thing, uri=f"{self.uri}#likes/{self._next()}")
        self.likes[thing] = like
        return await self.to_personal(thing, like)

    async def unlike(self, thing: str) -> int:
        return await self.to_personal(thing, self._undo(self.likes[thing], "likes"))

    async def boost(self, thing: str, *, to: str | None = None) -> int:
        """Boost `thing`; delivered to its server, or to the server of the actor `to`."""
        boost = self.activity(
            "Announce",
            thing,
            uri=f"{self.uri}/statuses/{self._next()}/activity",
            published=self._now(),
            to=[PUBLIC],
            cc=[_chapter_of(thing), f"{self.uri}/followers"],
        )
        self.boosts[thing] = boost
        return await self.to_shared(to or thing, boost)

    async def unboost(self, thing: str) -> int:
        return await self.to_shared(thing, self._undo(self.boosts[thing], "announces"))

    async def reply(self, to: str, text: str, *, visibility: str = "public") -> str:
        """Reply to something and mention its chapter; return the new status's id."""
        return await self.write(
            text, chapter=_chapter_of(to), in_reply_to=to, visibility=visibility
        )

    async def dm(self, chapter: str, text: str) -> str:
        """Send a private mention; it goes to the shared inbox like any other post."""
        return await self.write(text, chapter=chapter, visibility="direct")

    async def write(
        self,
        text: str,
        *,
        chapter: str,
        in_reply_to: str | None = None,
        visibility: str = "public",
    ) -> str:
        """Write a post that mentions `chapter`; return the new status's id."""
        create = self.compose(text, chapter=chapter, in_reply_to=in_reply_to, visibility=visibility)
        assert await self.to_shared(chapter, create) == 202
        return str(create["id"]).removesuffix("/activity")

    def compose(
        self,
        text: str,
        *,
        chapter: str,
        in_reply_to: str | None = None,
        visibility: str = "public",
    ) -> Json:
        """Write a post without sending it; return its Create."""
        uri = f"{self.uri}/statuses/{self._next()}"
        to, cc = self._audience(visibility, chapter)
        self.statuses[uri] = {
            "id": uri,
            "type": "Note",
            "summary": None,
            "inReplyTo": in_reply_to,
            "published": self._now(),
            "url": f"{self.server.base}/@{self.name}/{uri.rpartition('/')[2]}",
            "attributedTo": self.uri,
            "to": to,
            "cc": cc,
            "sensitive": False,
            "content": f"<p>{text}</p>",
            "contentMap": {"en": f"<p>{text}</p>"},
            "attachment": [],
            "tag": [{"type": "Mention", "href": chapter, "name": "@chapter"}],
            "likes": {"id": f"{uri}/likes", "type": "Collection", "totalItems": 0},
        }
        return self.activity(
            "Create",
            self.statuses[uri],
            uri=f"{uri}/activity",
            published=self._now(),
            to=to,
            cc=cc,
        )

    async def edit(self, status: str, text: str, *, chapter: str) -> int:
        note = self.statuses[status]
        note |= {"content": f"<p>{text}</p>", "updated": self._now()}
        uri = f"{status}#updates/{int(self.server.clock.now().timestamp())}"
        update = self.activity("Update", note, uri=uri, to=note["to"], cc=note["cc"])
        return await self.to_shared(chapter, update)

    async def delete(self, status: str, *, chapter: str) -> int:
        self.statuses.pop(status, None)
        tombstone = {"id": status, "type": "Tombstone", "atomUri": status}
        delete = self.activity("Delete", tombstone, uri=f"{status}#delete", to=[PUBLIC])
        return await self.to_shared(chapter, delete)

    async def vote(self, question: str, option: str) -> int:
        uri, chapter = f"{self.uri}#votes/{self._next()}", _chapter_of(question)
        note = {
            "id": uri,
            "type": "Note",
            "name": option,
            "attributedTo": self.uri,
            "inReplyTo": question,
            "to": chapter,
        }
        vote = self.activity("Create", note, uri=f"{uri}/activity", to=chapter)
        return await self.to_personal(question, vote)

    async def block(self, actor: str) -> int:
        block = self.activity("Block", actor, uri=f"{self.server.base}/{self._next()}")
        return await self.to_personal(actor, block)

    async def report(self, things: list[str], comment: str) -> int:
        """Forward a report: the server's own actor sends it, not the member."""
        uri = f"{self.server.base}/actor"
        flag: Json = {
            "@context": AS,
            "id": f"{self.server.base}/{self._next()}",
            "type": "Flag",
            "actor": uri,
            "content": comment,
            "object": things,
        }
        actor = await self.server.profile(_chapter_of(things[0]))
        return await self.send(str(actor["inbox"]), flag, key_id=f"{uri}#main-key")

    async def quote(self, thing: str) -> int:
        status = f"{self.uri}/statuses/{self._next()}"
        note = {"id": status, "type": "Note", "attributedTo": self.uri, "quote": thing}
        uri = f"{self.uri}/quote_requests/{self._next()}"
        return await self.to_personal(
            thing, self.activity("QuoteRequest", thing, uri=uri, instrument=note)
        )

    async def pin(self, status: str, *, chapter: str) -> int:
        add = self.activity("Add", status, uri=None, target=f"{self.uri}/collections/featured")
        return await self.to_shared(chapter, add)

    async def update_profile(self, name: str, *, chapter: str) -> int:
        self.display_name = name
        update = self.activity("Update", self.document(), uri=f"{self.uri}#updates/{self._next()}")
        return await self.to_shared(chapter, update)

    async def move(self, target: str, *, chapter: str) -> int:
        uri = f"{self.uri}#moves/{self._next()}"
        return await self.to_shared(
            chapter, self.activity("Move", self.uri, uri=uri, target=target)
        )

    async def delete_account(self, *, chapter: str) -> int:
        self.deleted = True
        return await self.say_goodbye(chapter=chapter)

    async def say_goodbye(self, *, chapter: str) -> int:
        """Send the Delete of this account, whether it is gone or not."""
        actor = await self.server.profile(chapter)
        endpoints = actor["endpoints"]
        assert isinstance(endpoints, dict)
        delete = self.activity("Delete", self.uri, uri=f"{self.uri}#delete", to=[PUBLIC])
        return await self.send(endpoints["sharedInbox"], delete)

    def _undo(self, inner: Json, kind: str) -> Json:
        embedded = {key: value for key, value in inner.items() if key != "@context"}
        return self.activity("Undo", embedded, uri=f"{self.uri}#{kind}/{self._next()}/undo")

    def _audience(self, visibility: str, mentioned: str) -> tuple[list[str], list[str]]:
        followers = f"{self.uri}/followers"
        match visibility:
            case "public":
                return [PUBLIC], [followers, mentioned]
            case "unlisted":
                return [followers], [PUBLIC, mentioned]
            case "followers":
                return [followers], [mentioned]
            case _:
                return [mentioned], []


def _chapter_of(uri: str) -> str:
    """Return the actor that answers for `uri` on a chapter's server."""
    parts = urlsplit(uri)
    if parts.path == "/actor":
        return uri
    return f"{parts.scheme}://{parts.netloc}/chapter"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
