"""The way out to a member's own server, and back: OAuth 2 with PKCE (RFC 6749, 7636, 9207).

Called by `web.members`. What comes of it is a claim: what that server says of who came back.
Whether it is true is found out by `federation.members`.

Nothing is kept that could finish a sign-in: of state and cookie the database holds hashes, and
the PKCE verifier is made of both, so only the browser that began can end it (ADM-10).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fedi_chapter.core.errors import NotAllowed, RemoteRefused
from fedi_chapter.deps import Deps
from fedi_chapter.domain.member import Attempt, Claim, OAuthApp
from fedi_chapter.signin.discovery import check_ready, read, word_of
from fedi_chapter.signin.registration import app_at, give_back, issuer_tag, secret_of
from fedi_chapter.store import oauth_apps, sign_ins
from fedi_chapter.vocab.shape import Document, id_of

LASTS = timedelta(minutes=10)
"""How long a sign-in may take."""
VERIFY = "/api/v1/accounts/verify_credentials"


@dataclass(frozen=True, slots=True)
class Departure:
    """A sign-in that has begun: the page at the other server, and the word for the cookie."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back: what stands in the address, and in the cookie."""

    tag: str
    state: str
    code: str
    browser: str
    issuer: str | None = None
    """RFC 9207: who says to have sent them, where the server tells."""


async def depart(deps: Deps, issuer: str, next_path: str) -> Departure:
    """Begin a sign-in at the server `issuer`, to end at our own page `next_path`.

    Raises:
        RemoteFailure: the server is out of reach, takes no clients, or leads elsewhere.

    """
    app = await app_at(deps, issuer)
    state, browser = deps.ids.token(), deps.ids.token()
    until, attempt = deps.clock.now() + LASTS, Attempt(issuer, next_path)
    await deps.db.write(
        lambda tx: sign_ins.begin(tx, _hash(state), _hash(browser), attempt, until=until)
    )
    challenge = hashlib.sha256(_verifier(browser, state).encode()).digest()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": app.redirect_uri,
            "scope": app.scope,
            "state": state,
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
    )
    return Departure(f"{app.authorize_url}?{query}", browser)


async def arrive(deps: Deps, back: Arrival) -> tuple[Claim, str]:
    """End a sign-in: return what the server says of who it was, and where they wanted to go.

    The token it takes is given back at once, whatever happens.

    Raises:
        NotAllowed: this browser began no such sign-in, or began it elsewhere, or long ago.
        RemoteFailure: the server does not answer, or says no.

    """
    attempt = await deps.db.write(
        lambda tx: sign_ins.use(tx, _hash(back.state), _hash(back.browser))
    )
    if attempt is None:
        raise NotAllowed("no such sign-in was begun here a moment ago")
    if not hmac.compare_digest(issuer_tag(deps, attempt.issuer).encode(), back.tag.encode()):
        raise NotAllowed("the sign-in was begun at another server")
    if back.issuer is not None and back.issuer.rstrip("/") != attempt.issuer:
        raise NotAllowed("another server answers the sign-in")
    app = await deps.db.read(lambda tx: oauth_apps.get(tx, attempt.issuer))
    if app is None:
        raise NotAllowed("the server does not know us any more")
    token = await _exchange(deps, app, back)
    try:
        return await _ask_who(deps, app, token), attempt.next_path
    finally:
        await give_back(deps, app, token)


async def _exchange(deps: Deps, app: OAuthApp, back: Arrival) -> str:
    said = await deps.asker.ask(
        app.token_url,
        form={
            "grant_type": "authorization_code",
            "code": back.code,
            "redirect_uri": app.redirect_uri,
            "client_id": app.client_id,
            "client_secret": secret_of(deps, app),
            "code_verifier": _verifier(back.browser, back.state),
        },
    )
    check_ready(said, app.issuer)
    if said.status != 200:
        raise RemoteRefused(f"{app.issuer} gives no token: {said.status}", answer=said.status)
    return word_of(read(said), "access_token", app.issuer)


async def _ask_who(deps: Deps, app: OAuthApp, token: str) -> Claim:
    """Ask for `sub` (Mastodon 4.4), else for the account and its `uri` (Mastodon 4.2).

    GoToSocial and Pleroma name no id there: the name alone is the claim. A name with a server
    in it is somebody else's (ADM-11).
    """
    if app.userinfo_url is not None:
        person = await _get(deps, app, app.userinfo_url, token)
        if str(person.get("iss", app.issuer)).rstrip("/") != app.issuer:
            raise RemoteRefused(f"{app.issuer} answers for {person.get('iss')}")
        uri, name = word_of(person, "sub", app.issuer), "preferred_username"
    else:
        person = await _get(deps, app, f"{app.issuer}{VERIFY}", token)
        uri, name = str(person.get("uri") or ""), "username"
        if "@" in word_of(person, "acct", app.issuer):
            raise RemoteRefused(f"{app.issuer} answers with an account of another server")
    if uri and id_of(uri) is None:
        raise RemoteRefused(f"{app.issuer} answers with the id {uri[:200]!r}")
    return Claim(app.issuer, word_of(person, name, app.issuer), uri or None)


async def _get(deps: Deps, app: OAuthApp, url: str, token: str) -> Document:
    said = await deps.asker.ask(url, bearer=token)
    check_ready(said, app.issuer)
    if said.status != 200:
        raise RemoteRefused(f"{app.issuer} does not say who it is", answer=said.status)
    return read(said)


def _verifier(browser: str, state: str) -> str:
    return _base64(hmac.digest(browser.encode(), f"verifier {state}".encode(), "sha256"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
