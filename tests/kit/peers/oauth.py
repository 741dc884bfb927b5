"""Servers that people sign in with: Mastodon, GoToSocial, Pleroma, as their clients meet them.

A Starlette application on a real loopback socket. What it asks for, answers and leaves out is
that of the software it plays; `lies` changes what it says, for tests of bad faith.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import socket
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

Software = Literal["mastodon 4.5", "mastodon 4.3", "mastodon 4.2", "gotosocial", "pleroma"]
SOFTWARE: tuple[Software, ...] = (
    "mastodon 4.5",
    "mastodon 4.3",
    "mastodon 4.2",
    "gotosocial",
    "pleroma",
)
Json = dict[str, Any]


@dataclass
class App:
    """A client that registered."""

    client_id: str
    secret: str
    redirect_uri: str
    scope: str


@dataclass
class Code:
    """A consent that waits to be exchanged."""

    app: App
    user: str
    challenge: str
    redirect_uri: str


@dataclass
class OAuthServer:
    """One server and its people."""

    software: Software = "mastodon 4.5"
    base: str = ""
    apps: dict[str, App] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, tuple[App, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lies: dict[str, Any] = field(default_factory=dict)
    """What is said in the place of the truth, by the address it is said at."""
    leads_to: str = ""
    """Where the actors of this domain really are: a split domain."""

    def __post_init__(self) -> None:
        self.app = Starlette(
            routes=[
                Route("/.well-known/oauth-authorization-server", self._metadata),
                Route("/.well-known/webfinger", self._webfinger),
                Route("/api/v1/apps", self._register, methods=["POST"]),
                Route("/oauth/authorize", self._authorize),
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/oauth/revoke", self._revoke, methods=["POST"]),
                Route("/oauth/userinfo", self._userinfo),
                Route("/api/v1/accounts/verify_credentials", self._account),
                Route("/users/{name}", self._actor),
            ],
        )

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    def uri(self, name: str) -> str:
        """The id of one of its people."""
        return f"{self.base}/users/{name}"

    def consent(self, url: str, user: str = "ana") -> str:
        """Let `user` say yes on the page behind `url`; return where the browser is sent."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.base}/oauth/authorize?"), url
        app = self.apps[asked["client_id"]]
        assert asked["redirect_uri"] == app.redirect_uri
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert set(asked["scope"].split()) <= set(app.scope.split())
        code = secrets.token_urlsafe(16)
        self.codes[code] = Code(app, user, asked["code_challenge"], asked["redirect_uri"])
        return f"{app.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"

    def counted(self, path: str) -> int:
        """Return how often an address was asked."""
        return self.asked.count(path)

    async def _metadata(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if self.software == "pleroma":
            return HTMLResponse("<!doctype html><title>Pleroma</title>")
        if self.software in {"mastodon 4.2", "gotosocial"}:
            return JSONResponse({"error": "Not Found"}, 404)
        told: Json = {
            "issuer": f"{self.base}/",
            "authorization_endpoint": f"{self.base}/oauth/authorize",
            "token_endpoint": f"{self.base}/oauth/token",
            "revocation_endpoint": f"{self.base}/oauth/revoke",
            "scopes_supported": ["read", "profile", "write", "read:accounts", "push"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "service_documentation": "https://docs.joinmastodon.org/",
            "app_registration_endpoint": f"{self.base}/api/v1/apps",
        }
        if self.software == "mastodon 4.5":
            told["userinfo_endpoint"] = f"{self.base}/oauth/userinfo"
        return self._said(request, told)

    async def _register(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        async with request.form() as form:
            app = App(
                secrets.token_urlsafe(32),
                secrets.token_urlsafe(32),
                str(form["redirect_uris"]),
                str(form["scopes"]),
            )
            assert 0 < len(str(form["client_name"])) <= 60
        self.apps[app.client_id] = app
        return self._said(
            request,
            {
                "id": "1",
                "name": "chapter",
                "website": None,
                "redirect_uri": app.redirect_uri,
                "client_id": app.client_id,
                "client_secret": app.secret,
                "vapid_key": "BCk-QqERU0q-CfYZjcuB6lnyyOYfJ2AifKqfeGIm7Z-",
            },
        )

    async def _authorize(self, request: Request) -> Response:
        """Serve a browser whose owner is signed in and says yes."""
        return RedirectResponse(self.consent(str(request.url)), 302)

    async def _token(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        async with request.form() as form:
            given = {name: str(value) for name, value in form.items()}
        app = self.apps.get(given.get("client_id", ""))
        if app is None or app.secret != given.get("client_secret"):
            return JSONResponse({"error": "invalid_client"}, 401)
        user = ""
        if given["grant_type"] == "authorization_code":
            code = self.codes.pop(given.get("code", ""), None)
            if code is None or not self._fits(code, app, given):
                return JSONResponse({"error": "invalid_grant"}, 400)
            user = code.user
        token = secrets.token_urlsafe(32)
        self.tokens[token] = app, user
        told = {"access_token": token, "token_type": "Bearer", "scope": app.scope, "created_at": 1}
        return self._said(request, told)

    def _fits(self, code: Code, app: App, given: Json) -> bool:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        # Mastodon before 4.3 knows no PKCE: it ignores the words.
        proved = challenge == code.challenge or self.software == "mastodon 4.2"
        return proved and code.app is app and given.get("redirect_uri") == code.redirect_uri

    async def _revoke(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        async with request.form() as form:
            self.tokens.pop(str(form["token"]), None)
        return self._said(request, {})

    async def _userinfo(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        user = self._user(request, {"profile", "read"})
        if user is None or self.software != "mastodon 4.5":
            return JSONResponse({"error": "The access token is invalid"}, 401)
        told = {
            "iss": f"{self.base}/",
            "sub": self.uri(user),
            "name": user.title(),
            "preferred_username": user,
            "profile": f"{self.base}/@{user}",
            "picture": f"{self.base}/avatars/original/missing.png",
        }
        return self._said(request, told)

    async def _account(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        user = self._user(request, {"profile", "read:accounts", "read"})
        if user is None:
            return JSONResponse({"error": "The access token is invalid"}, 401)
        told: Json = {
            "id": "109348",
            "username": user,
            "acct": user,
            "display_name": user.title(),
            "locked": False,
            "url": f"{self.base}/@{user}",
            "source": {"privacy": "public", "note": ""},
        }
        if self.software.startswith("mastodon"):
            told["uri"] = self.uri(user)
        if self.software == "pleroma":
            told["url"] = self.uri(user)
            told["fqn"] = f"{user}@{self.host}"
        return self._said(request, told)

    async def _actor(self, request: Request) -> Response:
        name = request.path_params["name"]
        uri = self.uri(name)
        told = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": uri,
            "type": "Person",
            "preferredUsername": name,
            "name": name.title(),
            "url": f"{self.base}/@{name}",
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
        }
        return self._said(request, told, "application/activity+json")

    async def _webfinger(self, request: Request) -> Response:
        resource = request.query_params["resource"].removeprefix("acct:")
        name, _, host = resource.partition("@")
        is_own = name == host == self.host
        if (is_own and not self.leads_to) or host != self.host or name == "nobody":
            return Response(status_code=404)
        base = self.leads_to or self.base
        href = f"{base}/actor" if is_own else f"{base}/users/{name}"
        link = {"rel": "self", "type": "application/activity+json", "href": href}
        return self._said(request, {"subject": f"acct:{resource}", "links": [link]})

    def _user(self, request: Request, allowed: set[str]) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        app, user = self.tokens.get(token, (None, ""))
        return user if app is not None and user and set(app.scope.split()) & allowed else None

    def _said(self, request: Request, told: Json, media_type: str | None = None) -> Response:
        lie = self.lies.get(request.url.path)
        if isinstance(lie, Response):
            return lie
        return JSONResponse({**told, **(lie or {})}, media_type=media_type)


class Listening(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@asynccontextmanager
async def serving(server: OAuthServer) -> AsyncIterator[OAuthServer]:
    """Serve on a free port of loopback."""
    config = uvicorn.Config(server.app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    running = Listening(config)
    task = asyncio.create_task(running.serve())
    await running.listens.wait()
    port = running.servers[0].sockets[0].getsockname()[1]
    server.base = f"http://127.0.0.1:{port}"
    yield server
    running.should_exit = True
    await task
