"""A Mastodon server, as far as other servers notice: its documents, checks and deliveries.

Requests are verified by `peers.signatures`; what its members do is in `peers.member`.
"""

import json
from dataclasses import dataclass, field
from itertools import count

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fedi_chapter.core.clock import SetClock
from tests.kit.network import Network
from tests.kit.peers.member import AS, PUBLIC, Json, Member, Received
from tests.kit.peers.signatures import is_good, key_id_of, pem_of

__all__ = ["AS", "PUBLIC", "SECURITY", "Json", "Mastodon", "Member", "Received"]

SECURITY = "https://w3id.org/security/v1"
ACTIVITY = "application/activity+json; charset=utf-8"


@dataclass
class Mastodon:
    """One Mastodon server."""

    host: str
    network: Network
    clock: SetClock
    key: RSAPrivateKey
    members: dict[str, Member] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    accepts_follows: bool = True
    software: str = "mastodon"
    """What it says it runs."""
    templates: dict[str, str] = field(default_factory=dict)
    """The pages it names for following or opening something, by their relation."""
    answers: list[tuple[Member, str, Json]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1150))

    def __post_init__(self) -> None:
        self.app = Starlette(
            routes=[
                Route("/actor", self._instance_actor),
                Route("/users/{name}", self._actor),
                Route("/users/{name}/statuses/{number}", self._status),
                Route("/inbox", self._inbox, methods=["POST"]),
                Route("/users/{name}/inbox", self._inbox, methods=["POST"]),
                Route("/.well-known/webfinger", self._webfinger),
                Route("/.well-known/nodeinfo", self._nodeinfo_links),
                Route("/nodeinfo/2.0", self._nodeinfo),
            ]
        )

    @property
    def base(self) -> str:
        return f"https://{self.host}"

    def member(self, name: str) -> "Member":
        """Return the member called `name`, signed up at first use."""
        return self.members.setdefault(name, Member(self, name, self.key))

    def types(self) -> list[object]:
        """Return the types of everything received, in order."""
        return [each.activity["type"] for each in self.received]

    async def step(self) -> int:
        """Send the answers that are due; return how many."""
        answers, self.answers = self.answers, []
        for member, inbox, activity in answers:
            await member.send(inbox, activity)
        return len(answers)

    async def profile(self, uri: str) -> Json:
        """Fetch a document of another server."""
        response = await self.network.send("GET", uri, {"Accept": "application/activity+json"})
        assert response.status_code == 200, (uri, response.status_code)
        document: Json = json.loads(response.content)
        return document

    # -- what others ask ------------------------------------------------------------------

    async def _instance_actor(self, _: Request) -> Response:
        uri = f"{self.base}/actor"
        return _answer(
            {
                "@context": [AS, SECURITY],
                "id": uri,
                "type": "Application",
                "inbox": f"{uri}/inbox",
                "outbox": f"{uri}/outbox",
                "preferredUsername": "mastodon.internal",
                "url": f"{self.base}/about/more?instance_actor=true",
                "manuallyApprovesFollowers": True,
                "publicKey": self.public_key(uri),
                "endpoints": {"sharedInbox": f"{self.base}/inbox"},
            }
        )

    async def _actor(self, request: Request) -> Response:
        member = self.members.get(request.path_params["name"])
        if member is None:
            return Response(status_code=404)
        if member.deleted:
            return Response(status_code=410)
        return _answer({"@context": [AS, SECURITY], **member.document()})

    async def _status(self, request: Request) -> Response:
        member = self.members.get(request.path_params["name"])
        uri = f"{self.base}{request.url.path}"
        status = member.statuses.get(uri) if member else None
        if status is None:
            return Response(status_code=404)
        return _answer({"@context": AS, **status})

    async def _webfinger(self, request: Request) -> Response:
        name = request.query_params["resource"].removeprefix("acct:").partition("@")[0]
        if name not in self.members:
            return Response(status_code=404)
        href = self.members[name].uri
        links = [{"rel": "self", "type": "application/activity+json", "href": href}]
        links += [{"rel": rel, "template": page} for rel, page in self.templates.items()]
        document = {"subject": f"acct:{name}@{self.host}", "links": links}
        return JSONResponse(document, media_type="application/jrd+json")

    async def _nodeinfo_links(self, _: Request) -> Response:
        rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        return JSONResponse({"links": [{"rel": rel, "href": f"{self.base}/nodeinfo/2.0"}]})

    async def _nodeinfo(self, _: Request) -> Response:
        return JSONResponse(
            {"version": "2.0", "software": {"name": self.software, "version": "4.5.15"}}
        )

    async def _inbox(self, request: Request) -> Response:
        body, headers = await request.body(), dict(request.headers)
        key_id = key_id_of(headers)
        if key_id is None:
            return Response(status_code=401)
        signer = await self.profile(key_id.partition("#")[0])
        public_key = signer["publicKey"]
        assert isinstance(public_key, dict)
        if public_key["id"] != key_id or not is_good(
            public_key["publicKeyPem"], "POST", request.url.path, headers, body
        ):
            return Response(status_code=401)
        activity = json.loads(body)
        if activity["actor"] != signer["id"]:
            return Response(status_code=202)
        self.received.append(Received(request.url.path, str(signer["id"]), activity))
        if activity["type"] == "Follow":
            self._answer_follow(activity, str(signer["inbox"]))
        return Response(status_code=202)

    def _answer_follow(self, follow: Json, inbox: str) -> None:
        member = next(each for each in self.members.values() if each.uri == follow["object"])
        kind = "Accept" if self.accepts_follows else "Reject"
        uri = f"{member.uri}#{kind.lower()}s/follows/{next(self.numbers)}"
        inner = {key: value for key, value in follow.items() if key not in {"@context", "to"}}
        self.answers.append((member, inbox, member.activity(kind, inner, uri=uri)))

    def public_key(self, owner: str) -> Json:
        return {"id": f"{owner}#main-key", "owner": owner, "publicKeyPem": pem_of(self.key)}


def _answer(document: Json) -> Response:
    return Response(json.dumps(document), media_type=ACTIVITY)
