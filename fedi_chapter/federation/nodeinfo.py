"""What another server says it runs (NodeInfo).

Called by `federation.discover`. The answer decides only which of two forms of an event a
server is told of (`federation.forms`); nothing else is believed of it.
"""

import contextlib
import re
from urllib.parse import urljoin, urlsplit

from fedi_chapter.core.errors import (
    BadDocument,
    MalformedActivity,
    NoDocument,
    NotJson,
    RemoteRefused,
)
from fedi_chapter.core.text import one_line
from fedi_chapter.deps import Deps
from fedi_chapter.federation import jrd
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.vocab.shape import (
    LONGEST_ID,
    Document,
    host_of,
    id_of,
    line_of,
    mapping,
    mappings,
    only,
    parse,
)

ACCEPT = "application/json"
DEADLINE = 4.0
MOST = 3
"""Documents of a server that are asked for, the newest first, until one says what it runs."""
_SCHEMA = re.compile(
    r"(?:https?:)?(?://)?nodeinfo\.diaspora\.software/ns/schema/(\d{1,2})\.(\d{1,2})[/#]*",
    re.IGNORECASE | re.ASCII,
)
_BOM = b"\xef\xbb\xbf"


async def ask(deps: Deps, host: str) -> tuple[str, str | None]:
    """Return name, in lower case, and version of the software `host` runs.

    Raises:
        RemoteFailure: what the fetcher raises; BadDocument for an answer without a name.

    """
    budget = Budget(left=8, cause=Cause.OURS)
    index = await jrd.from_host(deps, host, "/.well-known/nodeinfo", accept=ACCEPT, budget=budget)
    origin = f"{urlsplit(index.url).scheme}://{host}"
    paths = _newest_first(_document(index.body, host), index.url, host)
    for path in paths[:-1]:
        with contextlib.suppress(BadDocument, NoDocument, RemoteRefused):  # an older one may do
            return await _said_at(deps, f"{origin}{path}", host, budget)
    return await _said_at(deps, f"{origin}{paths[-1]}", host, budget)


async def _said_at(deps: Deps, url: str, host: str, budget: Budget) -> tuple[str, str | None]:
    answer = await deps.fetcher.get(url, accept=ACCEPT, deadline=DEADLINE, budget=budget)
    name, version = _software(_document(answer.body, host).get("software"))
    if not name:
        raise BadDocument(f"{host} does not say what it runs")
    return one_line(name, 60).lower(), one_line(version, 60) or None


def _software(stated: object) -> tuple[str, str]:
    """Return name and version, also of one that stands there as mere text."""
    if isinstance(stated, str):
        name, _, version = stated.strip().replace("/", " ", 1).partition(" ")
        return name, version
    software = mapping(stated)
    return line_of(software, "name"), line_of(software, "version")


def _newest_first(index: Document, url: str, host: str) -> list[str]:
    """Return path and query of each NodeInfo document on `host` that the index at `url` names."""
    found: dict[tuple[int, int], str] = {}
    for link in mappings(index.get("links")):
        match = _SCHEMA.fullmatch(str(only(link.get("rel"))).strip())
        path = _path(link.get("href"), url, host)
        if match and path:
            found[int(match[1]), int(match[2])] = path
    if not found:
        raise BadDocument(f"{host} names no NodeInfo document of its own")
    return [found[version] for version in sorted(found, reverse=True)][:MOST]


def _path(href: object, url: str, host: str) -> str | None:
    if not isinstance(href, str) or len(href) > LONGEST_ID:
        return None
    try:
        address = urljoin(url, href.strip())
    except ValueError:
        return None
    if id_of(address) is None or host_of(address) != host:
        return None
    parts = urlsplit(address)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _document(body: bytes, host: str) -> Document:
    try:
        return parse(body.removeprefix(_BOM))
    except NotJson as error:
        raise NoDocument(f"{host} answers with {error.message}") from error
    except MalformedActivity as error:
        raise BadDocument(f"{host} answers with {error.message}") from error
