"""Places for requests: what strangers cause holds up nobody else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.net import pools
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import Budget, GuardedFetcher
from fedi_chapter.net.guard import Target
from fedi_chapter.net.pools import AT_ONCE, TOGETHER, Cause, Pools, network, registrable
from tests.kit.hostile_server import hostile, reply, stay_silent, until
from tests.kit.outbound import Names
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio


def at(host: str) -> Target:
    return Target("https", host, 443, "/")


async def everywhere(host: str, _: int) -> Sequence[str]:
    """Lead every name to an address of its own."""
    number = abs(hash(host)) % (1 << 24)
    return [f"20.{number >> 16}.{number >> 8 & 255}.{number & 255}"]


async def here(_: str, __: int) -> Sequence[str]:
    """Lead every name to one address."""
    return ["203.0.113.1"]


@asynccontextmanager
async def crowd(made: Pools, hosts: Sequence[str], cause: Cause) -> AsyncIterator[set[str]]:
    """Let a request to each host begin and never end; give the hosts that have a place."""
    inside: set[str] = set()

    async def hang(host: str) -> None:
        async with made.place(at(host), cause):
            inside.add(host)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hang(host)) for host in hosts]
    try:
        yield inside
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def enters(made: Pools, host: str, cause: Cause, within: float = PATIENCE) -> bool:
    """Tell whether a request gets a place while the others hang."""
    try:
        async with asyncio.timeout(within), made.place(at(host), cause):
            return True
    except TimeoutError:
        return False


async def stays_out(made: Pools, host: str, cause: Cause) -> bool:
    """Tell whether a request has no place yet after a while."""
    return not await enters(made, host, cause, within=0.2)


@pytest.mark.parametrize("cause", [Cause.STRANGER, Cause.VISITOR])
async def test_all_names_below_one_registered_domain_share_its_places(cause: Cause) -> None:
    made = Pools(everywhere)
    hosts = [f"a{number}.evil.co.uk" for number in range(40)]
    async with crowd(made, hosts, cause) as inside:
        await until(lambda: len(inside) == TOGETHER)
        assert await stays_out(made, "b.evil.co.uk", cause)
        assert len(inside) == TOGETHER
        assert await enters(made, "good.co.uk", cause)


@pytest.mark.parametrize("cause", [Cause.STRANGER, Cause.VISITOR])
async def test_all_names_that_lead_to_one_address_share_its_places(cause: Cause) -> None:
    made = Pools(here)
    async with crowd(made, [f"evil{n}.example" for n in range(40)], cause) as inside:
        await until(lambda: len(inside) == TOGETHER)
        assert await stays_out(made, "evil.test", cause)
        assert len(inside) == TOGETHER


@pytest.mark.parametrize("cause", [Cause.VISITOR, Cause.NEIGHBOUR, Cause.OURS])
async def test_strangers_who_fill_their_pool_leave_all_others_free(cause: Cause) -> None:
    made = Pools(everywhere)
    async with crowd(made, [f"evil{n}.example" for n in range(60)], Cause.STRANGER) as inside:
        await until(lambda: len(inside) == AT_ONCE[Cause.STRANGER])
        assert await stays_out(made, "good.example", Cause.STRANGER)
        assert await enters(made, "good.example", cause)
        assert await enters(made, next(iter(inside)), cause)  # also to a host they are at


async def test_visitors_who_fill_their_pool_leave_ours_free() -> None:
    made = Pools(everywhere)
    async with crowd(made, [f"m{n}.example" for n in range(60)], Cause.VISITOR) as inside:
        await until(lambda: len(inside) == AT_ONCE[Cause.VISITOR])
        assert await enters(made, "good.example", Cause.OURS)


async def test_names_that_nobody_answers_for_do_not_take_all_lookups() -> None:
    asked: list[str] = []

    async def never(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        await asyncio.Event().wait()
        return []

    made = Pools(never)
    for _ in range(3):  # asking the system can't be cut off: those given up still count
        async with crowd(made, [f"evil{n}.example" for n in range(40)], Cause.STRANGER):
            await until(lambda: len(asked) >= pools.LOOKUPS)
    assert len(asked) == pools.LOOKUPS
    assert await enters(made, "good.example", Cause.OURS)


async def test_names_that_strangers_keep_us_looking_up_hold_up_no_visitor() -> None:
    asked: list[str] = []

    async def never_for_evil(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host.startswith("evil"):
            await asyncio.Event().wait()
        return await everywhere(host, port)

    made = Pools(never_for_evil)
    async with crowd(made, [f"evil{n}.example" for n in range(40)], Cause.STRANGER):
        await until(lambda: len(asked) == pools.LOOKUPS)
        assert await stays_out(made, "good.example", Cause.STRANGER)
        assert await enters(made, "good.example", Cause.VISITOR)


async def test_a_place_is_free_again_after_a_failure() -> None:
    made = Pools(here)
    for _ in range(3 * TOGETHER):
        with pytest.raises(ValueError, match="broken"):
            async with made.place(at("evil.example"), Cause.STRANGER):
                raise ValueError("broken")
    assert await enters(made, "evil.example", Cause.STRANGER)


async def test_the_follow_box_is_answered_while_strangers_hold_their_places(
    client: Client, clock: SetClock, names: Names
) -> None:
    fetcher = GuardedFetcher(client, clock=clock)
    async with hostile(stay_silent) as slow, hostile(reply(b"hello")) as good:
        held = [
            asyncio.create_task(fetcher.get(slow.url(f"/{n}", host=f"a{n}.test"), budget=Budget()))
            for n in range(40)
        ]
        await until(lambda: len(slow.seen) == TOGETHER)  # they all lead to one address
        got = await fetcher.get(good.url(), budget=Budget(cause=Cause.VISITOR))
        assert got.body == b"hello"
        assert len(slow.seen) == TOGETHER
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("social.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.org", "example.org"),
        ("chapter.github.io", "chapter.github.io"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("x.xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("1.2.3.4", "1.2.3.4"),
        ("2001:4860::1", "2001:4860::1"),
    ],
)
def test_a_name_belongs_to_what_somebody_registered(host: str, expected: str) -> None:
    assert registrable(host) == expected


def test_addresses_of_one_customer_are_one() -> None:
    assert network("2001:4860:1:2::1") == network("2001:4860:1:2:ffff::9")
    assert network("2001:4860:1:2::1") != network("2001:4860:1:3::1")
    assert network("1.2.3.4") != network("1.2.3.5")
