"""Boosts of others' things, and consent to quote ours taken back.

Called through `publish.table`. A boost names an id and nothing more.
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.boost import Boost
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import Boosted, QuoteRevoked, Unboosted
from fedi_chapter.federation.publish.message import (
    Audience,
    Followers,
    Message,
    Messages,
    PastRecipients,
    Scene,
    inbox_of,
    shared_inbox_of,
)
from fedi_chapter.store import audiences, boosts, local_actors, quotes
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.envelopes import announce, delete, undo
from fedi_chapter.vocab.shape import Document


def boosted(scene: Scene, happening: Boosted) -> Messages:
    """Pass on somebody's object to our followers, and tell its author."""
    boost, actor = _boost(scene, happening.boost_id)
    if boost.undone_at:
        return
    audience: tuple[Audience, ...] = (
        Followers(actor.id),
        *shared_inbox_of(scene, boost.author_uri),
    )
    told = _announce(scene, boost, actor)
    yield Message(told, actor, scene.urls.activity(boost.id), audience)


def unboosted(scene: Scene, happening: Unboosted) -> Messages:
    """Take a boost back from everyone who was told of it."""
    boost, actor = _boost(scene, happening.boost_id)
    about = scene.urls.activity(boost.id)
    told = undo(_announce(scene, boost, actor), scene.urls.actor(actor))
    yield Message(told, actor, about, (PastRecipients(about),))


def quote_revoked(scene: Scene, happening: QuoteRevoked) -> Messages:
    """Tell who quoted us that the authorization is gone (FEP-044f)."""
    quote_id = happening.quote_id
    quoting, actor = audiences.quoting_actor(scene.tx, quote_id), local_actors.chapter(scene.tx)
    if quoting is None or actor is None:
        raise Missing(f"the authorization {quote_id} is not in the database")
    uri = scene.urls.quote(quote_id)
    told = delete(
        uri,
        "QuoteAuthorization",
        scene.urls.actor(actor),
        scene.tx.now,
        [quoting],
        [],
    )
    yield Message(told, actor, uri, inbox_of(scene, quoting))


def revoke_quotes(scene: Scene, *targets: str) -> Messages:
    """Take back every consent to quote what is deleted: who quoted it shows it no more."""
    for given in quotes.of_targets(scene.tx, targets):
        quotes.revoke(scene.tx, given.id)
        yield from quote_revoked(scene, QuoteRevoked(given.id))


def _boost(scene: Scene, boost_id: str) -> tuple[Boost, LocalActor]:
    boost = boosts.get(scene.tx, boost_id)
    actor = local_actors.get(scene.tx, boost.actor_id) if boost else None
    if boost is None or actor is None:
        raise Missing(f"the boost {boost_id} is not in the database")
    return boost, actor


def _announce(scene: Scene, boost: Boost, actor: LocalActor) -> Document:
    return announce(
        scene.urls.activity(boost.id),
        scene.urls.actor(actor),
        boost.object_uri,
        [PUBLIC],
        [scene.urls.followers(actor), boost.author_uri],
        boost.at,
    )
