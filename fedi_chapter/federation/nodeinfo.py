"""What another server says it runs (NodeInfo).

Called by `federation.discover`. The answer decides only which of two forms of an event a
server is told of (`federation.forms`); nothing else is believed of it.
"""

import re
from urllib.parse import urlsplit

from fedi_chapter.core.errors import BadDocument, MalformedActivity, NoDocument, NotJson
from fedi_chapter.core.text import one_line
from fedi_chapter.deps import Deps
from fedi_chapter.federation import jrd
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.vocab.shape import Document, host_of, id_of, line_of, mapping, mappings, parse

ACCEPT = "application/json"
DEADLINE = 4.0
_SCHEMA = re.compile(r"https?://nodeinfo\.diaspora\.software/ns/schema/(\d{1,2})\.(\d{1,2})[/#]*")
_BOM = b"\xef\xbb\xbf"


async def ask(deps: Deps, host: str) -> tuple[str, str | None]:
    """Return name, in lower case, and version of the software `host` runs.

    Raises:
        RemoteFailure: what the fetcher raises; BadDocument for an answer without a name.

    """
    budget = Budget(left=6, cause=Cause.OURS)
    index = await jrd.from_host(deps, host, "/.well-known/nodeinfo", accept=ACCEPT, budget=budget)
    path = _newest(_document(index.body, host), host)
    origin = f"{urlsplit(index.url).scheme}://{host}"
    answer = await deps.fetcher.get(
        f"{origin}{path}", accept=ACCEPT, deadline=DEADLINE, budget=budget
    )
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


def _newest(index: Document, host: str) -> str:
    """Return path and query of the newest NodeInfo document, which must lie on `host`."""
    found = {
        (int(match[1]), int(match[2])): link.get("href")
        for link in mappings(index.get("links"))
        if (match := _SCHEMA.fullmatch(str(link.get("rel")))) and isinstance(link.get("href"), str)
    }
    if not found:
        raise BadDocument(f"{host} names no NodeInfo document")
    address = str(found[max(found)])
    if address.startswith("/") and not address.startswith("//"):
        return address
    if id_of(address) is None or host_of(address) != host:
        raise BadDocument(f"{host} keeps its NodeInfo elsewhere")
    parts = urlsplit(address)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def _document(body: bytes, host: str) -> Document:
    try:
        return parse(body.removeprefix(_BOM))
    except NotJson as error:
        raise NoDocument(f"{host} answers with {error.message}") from error
    except MalformedActivity as error:
        raise BadDocument(f"{host} answers with {error.message}") from error
