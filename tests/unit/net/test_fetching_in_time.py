"""How long each request of a fetch may take, and who rests when one takes too long."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Unreachable
from fedi_chapter.net.fetch import GuardedFetcher
from fedi_chapter.net.guard import Guard, Target
from tests.kit.leaping import anyio_backend  # noqa: F401 — a fixture

pytestmark = pytest.mark.anyio


@dataclass
class SlowNetwork:
    """A client whose every answer takes so many seconds; a redirect where one is named."""

    seconds: Mapping[str, float]
    redirects: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    guard: Guard = field(default_factory=lambda: Guard(allow_private=False))

    def judge(self, url: str) -> Target:
        return self.guard.judge(url)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        return ["20.0.0.1"]

    @asynccontextmanager
    async def send(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[Any]:
        self.asked.append(target.url)
        await asyncio.sleep(self.seconds[target.host])
        location = self.redirects.get(target.url)

        async def chunks() -> AsyncIterator[bytes]:
            yield b"{}"

        yield SimpleNamespace(
            status=302 if location else 200,
            headers=CIMultiDict({"Location": location} if location else {}),
            content=SimpleNamespace(iter_any=chunks),
        )


def fetching(network: SlowNetwork, clock: SetClock) -> GuardedFetcher:
    return GuardedFetcher(network, clock=clock)  # type: ignore[arg-type]


A, B, C, D = (f"https://{name}.example/x" for name in "abcd")
CHAIN = {A: B, B: C, C: D}


async def test_each_hop_has_a_deadline_of_its_own(clock: SetClock) -> None:
    network = SlowNetwork({f"{name}.example": 9.9 for name in "abcd"}, CHAIN)
    got = await fetching(network, clock).get(A, deadline=10)
    assert (got.url, network.asked) == (D, [A, B, C, D])
    assert asyncio.get_running_loop().time() < 40


async def test_a_hop_that_takes_longer_than_its_own_is_cut_off(clock: SetClock) -> None:
    network = SlowNetwork({"a.example": 1, "b.example": 10.1}, {A: B})
    with pytest.raises(Unreachable, match=r"b\.example/x did not answer in 10 seconds"):
        await fetching(network, clock).get(A, deadline=10)


async def test_a_host_that_holds_us_up_before_it_redirects_shuts_nobody_off(
    clock: SetClock,
) -> None:
    network = SlowNetwork({"a.example": 9.9, "b.example": 10.1}, {A: B})
    fetcher = fetching(network, clock)
    with pytest.raises(Unreachable):
        await fetcher.get(A, deadline=10)
    network.seconds = {"b.example": 1}
    assert (await fetcher.get(B, deadline=10)).body == b"{}"


async def test_a_host_that_is_slow_at_an_address_of_our_choice_rests(clock: SetClock) -> None:
    network = SlowNetwork({"b.example": 10.1})
    fetcher = fetching(network, clock)
    for _ in range(2):
        with pytest.raises(Unreachable):
            await fetcher.get(B, deadline=10)
    assert network.asked == [B]
