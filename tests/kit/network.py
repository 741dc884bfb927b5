"""The network of a test world: requests go by host name to applications in this process.

An unknown host is unreachable, exactly as the real ways out say it. Everything that was sent
is remembered, so that a test can count what a hostile input made us do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from starlette.types import ASGIApp

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import (
    BadDocument,
    NoDocument,
    Unreachable,
    UnsafeAddress,
)
from fedi_chapter.net.ask import Said
from fedi_chapter.net.fetch import ACTIVITY, FOR_GOOD, MEBIBYTE, Budget, Fetched, check_status
from fedi_chapter.net.post import Posted
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import sign

MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that went over the network."""

    method: str
    url: str


@dataclass
class Network:
    """Hosts by name, and what went between them."""

    hosts: dict[str, ASGIApp] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    instead: dict[str, httpx.Response] = field(default_factory=dict)
    """What is answered at an address as long as it stands here, whoever lives there."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> httpx.Response:
        """Send one request; a host that is down or unknown can't be connected to."""
        self.sent.append(Sent(method, url))
        parts = urlsplit(url)
        app = self.hosts.get(parts.netloc)
        if app is None or parts.netloc in self.down:
            raise Unreachable(f"no connection to {parts.netloc}")
        if url in self.instead:
            return self.instead[url]
        transport = httpx.ASGITransport(app)
        request = httpx.Request(method, url, headers=dict(headers), content=body)
        response = await transport.handle_async_request(request)
        await response.aread()
        return response

    def fetched(self, host: str) -> list[str]:
        """Return the addresses that were asked of `host`, in order."""
        return [each.url for each in self.sent if each.method == "GET" and f"//{host}/" in each.url]


@dataclass(frozen=True, slots=True)
class NetworkFetcher:
    """A Fetcher on the network of a world."""

    network: Network
    clock: Clock

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY,
        key: SigningKey | None = None,
        limit: int = MEBIBYTE,
        deadline: float = 10.0,
        budget: Budget | None = None,
        stays: bool = False,
    ) -> Fetched:
        """GET `url` as the real fetcher does: signed, following redirects, judging statuses."""
        for _ in range(MOST_REDIRECTS + 1):
            if budget:
                budget.spend()
            host = urlsplit(url).hostname or ""
            if "." not in host or host.replace(".", "").isdigit() or urlsplit(url).port:
                raise UnsafeAddress(f"{url} is not allowed")
            headers = {"Accept": accept}
            if key:
                headers |= sign("cavage", key, method="GET", url=url, at=self.clock.now())
            response = await self.network.send("GET", url, headers)
            if not response.has_redirect_location:
                return _judged(url, response)
            hop = urljoin(url, response.headers["location"])
            if stays and urlsplit(hop).netloc != urlsplit(url).netloc:
                why = f"{url} leads to another host: {hop}"
                raise (BadDocument if response.status_code in FOR_GOOD else NoDocument)(why)
            url = hop
        raise NoDocument(f"{url} is one redirect too many")


@dataclass(frozen=True, slots=True)
class NetworkPoster:
    """A Poster on the network of a world."""

    network: Network

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 10.0
    ) -> Posted:
        """POST `body` to `url`."""
        response = await self.network.send("POST", url, headers, body)
        return Posted(response.status_code, detail=response.text[:200])


@dataclass(frozen=True, slots=True)
class NetworkAsker:
    """An Asker on the network of a world."""

    network: Network

    async def ask(
        self, url: str, *, form: Mapping[str, str] | None = None, bearer: str | None = None
    ) -> Said:
        """GET `url`, or POST `form` to it; no redirect is followed."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if form is None:
            response = await self.network.send("GET", url, headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            response = await self.network.send("POST", url, headers, urlencode(form).encode())
        return Said(response.status_code, response.content)


def _judged(url: str, response: httpx.Response) -> Fetched:
    check_status(url, response.status_code, None)
    content_type = response.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    return Fetched(url, media_type, content_type, response.content, response.headers)
