"""Discovery documents: WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo 2.1.

Called by `web.fedi.wellknown`. They name our actors to strangers and hold nothing else.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from fedi_chapter import __version__
from fedi_chapter.core.names import ascii_host
from fedi_chapter.domain.chapter import ActorKind, LocalActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import ours
from fedi_chapter.store import followers, local_actors, posts
from fedi_chapter.store.tx import ReadTx

ACTIVITY_JSON = "application/activity+json"
APPLICATION_REL = "https://www.w3.org/ns/activitystreams#Application"
NODEINFO_REL = "http://nodeinfo.diaspora.software/ns/schema/2.1"


def find(tx: ReadTx, urls: Urls, resource: str) -> LocalActor | None:
    """Return the actor of ours that a WebFinger `resource` names, if any.

    Understood are `acct:name@domain` (our handle domain, or the host of our origin), an actor's
    id or page, also as `BASE/@name`, and the bare origin, which names the instance actor
    (FEP-d556); schemes and hosts in capitals, and a slash too many.
    """
    scheme, _, rest = resource.partition(":")
    if scheme.lower() == "acct":
        return _by_handle(tx, urls, unquote(rest).removeprefix("@"))
    try:
        parts = urlsplit(resource)
    except ValueError:  # its host is none
        return None
    if scheme.lower() not in {"https", "http"} or not _is_ours(urls, parts.netloc):
        return None
    path = parts.path.rstrip("/")
    if not path or parts.query:
        return None if parts.query else local_actors.instance_actor(tx)
    if path.startswith("/@"):
        return at_name(tx, urls, path.removeprefix("/@"))
    return ours.actor_at(tx, urls, urls.base + path)


def at_name(tx: ReadTx, urls: Urls, name: str) -> LocalActor | None:
    """Return the actor of ours at `BASE/@name`, or `BASE/@name@host` with our own host."""
    name = unquote(name)
    if "@" in name:
        return _by_handle(tx, urls, name)
    return local_actors.by_handle(tx, name.lower())


def _by_handle(tx: ReadTx, urls: Urls, handle: str) -> LocalActor | None:
    name, _, host = handle.lower().rstrip("/").rpartition("@")
    if not _is_ours(urls, host):
        return None
    if ascii_host(name) == ascii_host(host):  # Mastodon's way to ask for the server itself
        return local_actors.instance_actor(tx)
    return local_actors.by_handle(tx, name)


def _is_ours(urls: Urls, host: str) -> bool:
    ours = {urls.domain.lower(), urls.host.lower()}
    name = ascii_host(host)
    return name in ours or (name is not None and re.sub(r":(443|80)$", "", name) in ours)


def webfinger(actor: LocalActor, urls: Urls, rels: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the JRD of `actor`, its links filtered by `rels` where given (RFC 7033 §4.3).

    The subject is always the canonical handle, whichever name was asked for: that is what
    makes a split domain loop back.
    """
    links: list[dict[str, str]] = [
        {"rel": "self", "type": ACTIVITY_JSON, "href": urls.actor(actor)},
        {
            "rel": "http://webfinger.net/rel/profile-page",
            "type": "text/html",
            "href": urls.actor_page(actor),
        },
    ]
    if actor.kind is ActorKind.CHAPTER:
        links.append(
            {
                "rel": "http://schemas.google.com/g/2010#updates-from",
                "type": "application/atom+xml",
                "href": f"{urls.base}/feed.atom",
            }
        )
    return {
        "subject": f"acct:{urls.handle(actor)}",
        "aliases": list(dict.fromkeys([urls.actor(actor), urls.actor_page(actor)])),
        "links": [link for link in links if not rels or link["rel"] in rels],
    }


def host_meta(urls: Urls) -> str:
    """Return the XRD that points to WebFinger, for servers that ask it first (Mobilizon)."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template="{urls.base}/.well-known/webfinger?resource={{uri}}"/>\n'
        "</XRD>\n"
    )


def nodeinfo_links(urls: Urls) -> dict[str, object]:
    """Return the NodeInfo links, with the instance actor (FEP-2677) behind them.

    Gancio takes the first link for the document whatever its `rel`, so that one comes first.
    """
    return {
        "links": [
            {"rel": NODEINFO_REL, "href": f"{urls.base}/nodeinfo/2.1"},
            {"rel": APPLICATION_REL, "href": urls.instance_actor},
        ]
    }


@dataclass(frozen=True, slots=True)
class Usage:
    """What NodeInfo counts: nobody signs up here, so users are our own actors."""

    actors: int
    posts: int
    followers: int
    name: str


def usage(tx: ReadTx) -> Usage:
    """Count what NodeInfo shows."""
    actors = [actor for actor in local_actors.everyone(tx) if actor.kind is not ActorKind.INSTANCE]
    return Usage(
        actors=len(actors),
        posts=sum(posts.count(tx, actor.id) for actor in actors),
        followers=sum(followers.count(tx, actor.id) for actor in actors),
        name=actors[0].name if actors else "",
    )


def nodeinfo(urls: Urls, counted: Usage, source: str | None = None) -> dict[str, object]:
    """Return the NodeInfo 2.1 document; `source` is where the program's code can be had."""
    software = {"name": "fedi-chapter", "version": __version__}
    return {
        "version": "2.1",
        "software": software | ({"repository": source} if source else {}),
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": ["atom1.0"]},
        "openRegistrations": False,
        "usage": {"users": {"total": counted.actors}, "localPosts": counted.posts},
        "metadata": {
            "nodeName": counted.name or urlsplit(urls.base).hostname,
            "followers": counted.followers,
            "features": ["events", "posts"],
        },
    }
