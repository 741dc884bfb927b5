"""This chapter as a client of other servers: registered at each once, and remembered.

Called by `signin.flow`. Mastodon's way of registering (`POST /api/v1/apps`) is everybody's; it
allows five in ten minutes, so what we got is kept. Mastodon before 4.3 clears clients away at
night that hold no token, and ours never hold one: so every hour that somebody signs in, we ask
first whether we are still known.
"""

from dataclasses import replace
from datetime import timedelta

from fedi_chapter.core.errors import RemoteFailure, RemoteRefused
from fedi_chapter.core.log import get_logger
from fedi_chapter.core.text import shorten
from fedi_chapter.deps import Deps
from fedi_chapter.domain.member import OAuthApp
from fedi_chapter.signin.discovery import Endpoints, check_ready, endpoints, read, word_of
from fedi_chapter.store import local_actors, oauth_apps

TRUSTED = timedelta(hours=1)
"""How long we take it that a server still knows us and its addresses are the same."""
KNOWN_ALL_THE_SAME = frozenset({"unauthorized_client", "unsupported_grant_type", "invalid_scope"})
"""Refusals of a client that is known (RFC 6749 §5.2)."""
LONGEST_NAME = 60
"""Characters of a client's name that Mastodon takes."""
log = get_logger(__name__)


async def app_at(deps: Deps, issuer: str) -> OAuthApp:
    """Return how `issuer` knows us, registered now where it does not; one call at a time.

    Raises:
        RemoteFailure: the server is out of reach, or takes no clients.

    """
    return await deps.fetches.once(f"oauth app {issuer}", lambda: _app_at(deps, issuer))


async def _app_at(deps: Deps, issuer: str) -> OAuthApp:
    known = await deps.db.read(lambda tx: oauth_apps.get(tx, issuer))
    redirect_uri = deps.urls.sign_in_return(issuer_tag(deps, issuer))
    if known and known.redirect_uri == redirect_uri and _is_fresh(deps, known):
        return known
    found = await endpoints(deps, issuer)
    fits = known is not None and (known.redirect_uri, known.scope) == (redirect_uri, found.scope)
    if known is not None and fits and await _is_known(deps, known, found):
        client_id, sealed = known.client_id, known.secret_sealed
    else:
        client_id, secret = await _register(deps, issuer, found, redirect_uri)
        sealed = deps.keys.seal_text(secret)
    app = OAuthApp(
        issuer=issuer,
        client_id=client_id,
        secret_sealed=sealed,
        redirect_uri=redirect_uri,
        scope=found.scope,
        authorize_url=found.authorize,
        token_url=found.token,
        revoke_url=found.revoke,
        userinfo_url=found.userinfo,
        checked_at=deps.clock.now(),
    )
    await deps.db.write(lambda tx: oauth_apps.put(tx, app))
    return app


def issuer_tag(deps: Deps, issuer: str) -> str:
    """Return what stands for a server in our own address, so that each has its own (ADM-10)."""
    return deps.links.fingerprint("oauth issuer", issuer)


def secret_of(deps: Deps, app: OAuthApp) -> str:
    """Return the secret that a server knows us by."""
    return deps.keys.unseal_text(f"our registration at {app.issuer}", app.secret_sealed)


async def give_back(deps: Deps, app: OAuthApp, token: str) -> None:
    """Have the token revoked (RFC 7009); a server that can't is told of in the log."""
    form = {"token": token, "client_id": app.client_id, "client_secret": secret_of(deps, app)}
    try:
        said = await deps.asker.ask(app.revoke_url, form=form)
    except RemoteFailure as error:
        log.warning("token not revoked", server=app.issuer, reason=error.message)
    else:
        if said.status != 200:
            log.warning("token not revoked", server=app.issuer, status=said.status)


def _is_fresh(deps: Deps, app: OAuthApp) -> bool:
    return deps.clock.now() - app.checked_at < TRUSTED


async def _is_known(deps: Deps, app: OAuthApp, found: Endpoints) -> bool:
    """Ask for a token of our own, for no person: who gives one, or gives none so, knows us."""
    said = await deps.asker.ask(
        found.token,
        form={
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": secret_of(deps, app),
            "scope": app.scope,
        },
    )
    check_ready(said, app.issuer)
    answer = read(said)
    token = answer.get("access_token")
    if isinstance(token, str):
        await give_back(deps, replace(app, revoke_url=found.revoke), token)
        return True
    return answer.get("error") in KNOWN_ALL_THE_SAME


async def _register(
    deps: Deps, issuer: str, found: Endpoints, redirect_uri: str
) -> tuple[str, str]:
    """Return the id and the secret that `issuer` gives us."""
    chapter = await deps.db.read(local_actors.chapter)
    name = chapter.name if chapter else deps.urls.domain
    said = await deps.asker.ask(
        found.register,
        form={
            "client_name": shorten(name, LONGEST_NAME),
            "redirect_uris": redirect_uri,
            "scopes": found.scope,
            "website": f"{deps.urls.base}/",
        },
    )
    check_ready(said, issuer)
    if said.status not in {200, 201}:
        raise RemoteRefused(f"{issuer} takes no clients: {said.status}", answer=said.status)
    answer = read(said)
    return word_of(answer, "client_id", issuer), word_of(answer, "client_secret", issuer)
