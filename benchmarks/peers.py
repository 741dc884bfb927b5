"""People on other servers: their documents, and requests signed in their names.

Used by `benchmarks.driver` and `benchmarks.voters`. All share one RSA key, since making one
takes fifty milliseconds; the chapter sees a key id, and so a document to fetch, for each.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from fedi_chapter.sig.digest import sha256_base64
from fedi_chapter.sig.keys import SigningKey, make_rsa, public_pem
from fedi_chapter.sig.sign import sign

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
PRIVATE = make_rsa()
PEM = public_pem(PRIVATE)


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody on another server."""

    base: str
    name: str = "kim"
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def uri(self) -> str:
        return f"{self.base}/users/{self.name}"

    def document(self) -> bytes:
        """Return the whole HTTP answer with the actor's document."""
        body = orjson.dumps(
            {
                "@context": CONTEXT,
                "id": self.uri,
                "type": "Person",
                "preferredUsername": self.name,
                "name": self.name.title(),
                "summary": "<p>Lives by the river.</p>",
                "inbox": f"{self.uri}/inbox",
                "outbox": f"{self.uri}/outbox",
                "followers": f"{self.uri}/followers",
                "endpoints": {"sharedInbox": f"{self.base}/inbox"},
                "publicKey": {"id": f"{self.uri}#key", "owner": self.uri, "publicKeyPem": PEM},
            }
        )
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def follow(self, target: str) -> dict[str, Any]:
        """Return a Follow of `target`, new each time."""
        number = next(self.numbers)
        return self._activity("Follow", f"{self.base}/follows/{number}", target)

    def note(self, mentioned: str, reply_to: str | None) -> dict[str, Any]:
        """Return a Create of a public note, a reply or a post that mentions us."""
        uri = f"{self.uri}/notes/{next(self.numbers)}"
        to, cc = [PUBLIC], [f"{self.uri}/followers", mentioned]
        note = {
            "id": uri,
            "type": "Note",
            "attributedTo": self.uri,
            "to": to,
            "cc": cc,
            "published": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "url": uri,
            "inReplyTo": reply_to,
            "content": "<p>" + "We bring <b>soup</b> and two folding tables. " * 8 + "</p>",
            "tag": [{"type": "Mention", "href": mentioned, "name": "@riverside"}],
        }
        return self._activity("Create", f"{uri}#create", note) | {"to": to, "cc": cc}

    def vote(self, question: str, option: str, chapter: str) -> dict[str, Any]:
        """Return a vote as Mastodon writes it."""
        uri = f"{self.uri}#votes/{next(self.numbers)}"
        note = {
            "id": uri,
            "type": "Note",
            "name": option,
            "attributedTo": self.uri,
            "inReplyTo": question,
            "to": chapter,
        }
        return self._activity("Create", f"{uri}/activity", note) | {"to": chapter}

    def signed(self, activity: dict[str, Any], inbox: str) -> bytes:
        """Return the whole HTTP request that delivers `activity`."""
        body = orjson.dumps(activity)
        key = SigningKey(f"{self.uri}#key", "rsa", PRIVATE)
        headers = sign(
            "cavage",
            key,
            method="POST",
            url=inbox,
            at=datetime.now(UTC),
            digest=sha256_base64(body),
        )
        path = "/" + inbox.split("/", 3)[3]
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"POST {path} HTTP/1.1", *lines, f"Content-Length: {len(body)}"])
        return head.encode() + b"\r\n\r\n" + body

    def _activity(self, kind: str, uri: str, about: object) -> dict[str, Any]:
        return {
            "@context": CONTEXT,
            "id": uri,
            "type": kind,
            "actor": self.uri,
            "object": about,
        }
