"""What another server says it runs (NodeInfo).

Called by `federation.discover`. The answer decides only which of two forms of an event a
server is told of (`federation.forms`); nothing else is believed of it.
"""

from urllib.parse import urlsplit

from fedi_chapter.core.errors import BadDocument, MalformedActivity
from fedi_chapter.core.text import one_line
from fedi_chapter.deps import Deps
from fedi_chapter.federation import jrd
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.vocab.shape import Document, host_of, id_of, mapping, mappings, parse

ACCEPT = "application/json"
DEADLINE = 4.0
_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2."


async def ask(deps: Deps, host: str) -> tuple[str, str | None]:
    """Return name, in lower case, and version of the software `host` runs.

    Raises:
        RemoteFailure: what the fetcher raises; BadDocument for an answer without a name.

    """
    budget = Budget(left=6, cause=Cause.OURS)
    index = await jrd.from_host(deps, host, "/.well-known/nodeinfo", accept=ACCEPT, budget=budget)
    address = _newest(_document(index.body, host), host)
    answer = await deps.fetcher.get(address, accept=ACCEPT, deadline=DEADLINE, budget=budget)
    software = mapping(_document(answer.body, host).get("software"))
    name, version = software.get("name"), software.get("version")
    if not isinstance(name, str) or not name.strip():
        raise BadDocument(f"{host} does not say what it runs")
    return (
        one_line(name, 60).lower(),
        one_line(version, 60) if isinstance(version, str) else None,
    )


def _newest(index: Document, host: str) -> str:
    """Return the address of the newest NodeInfo 2 document, which must lie on `host`."""
    found = sorted(
        (str(link["rel"]), address)
        for link in mappings(index.get("links"))
        if str(link.get("rel")).startswith(_SCHEMA) and (address := id_of(link.get("href")))
    )
    if not found:
        raise BadDocument(f"{host} names no NodeInfo document")
    address = found[-1][1]
    if urlsplit(address).scheme not in {"http", "https"} or host_of(address) != host:
        raise BadDocument(f"{host} keeps its NodeInfo elsewhere")
    return address


def _document(body: bytes, host: str) -> Document:
    try:
        return parse(body)
    except MalformedActivity as error:
        raise BadDocument(f"{host} answers with {error.message}") from error
