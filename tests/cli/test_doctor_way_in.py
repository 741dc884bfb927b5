"""What `doctor` says of the way in: one cause, and the cure for that one, on real sockets."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.cli import checks_outside
from fedi_chapter.cli.finding import Finding
from fedi_chapter.cli.way_in import check_address, check_name, check_reached
from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.domain.urls import Urls
from fedi_chapter.net.ask import GuardedAsker
from fedi_chapter.net.client import Client
from fedi_chapter.store.tx import Database
from tests.cli.conftest import Shell
from tests.kit.hostile_server import Authority, hostile, reply, stay_silent
from tests.kit.ids import CountedIds
from tests.kit.outbound import authority, client, demo_guard, names, trust
from tests.kit.sending import Inboxes, found_sender

__all__ = ["authority", "client", "demo_guard", "names", "trust"]
pytestmark = pytest.mark.anyio
NAME = "peer.example"


@pytest.fixture
async def deps(
    sqlite_db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: SetClock,
    ids: CountedIds,
    client: Client,
) -> Deps:
    sender = await found_sender(
        sqlite_db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes()
    )
    return replace(sender.deps, asker=GuardedAsker(client))


async def found(deps: Deps, port: int) -> Finding:
    return await check_reached(replace(deps, urls=Urls(f"https://{NAME}:{port}", NAME)))


Serving = Callable[[Authority, Path], ssl.SSLContext]
CAUSES: dict[str, tuple[Serving, str, str]] = {
    "self-signed": (
        lambda known, _: known.serve_as(NAME, self_signed=True),
        "self-signed",
        "Let's Encrypt",
    ),
    "expired": (
        lambda known, _: known.serve_as(NAME, lasts=-timedelta(days=1)),
        "expired",
        "renew",
    ),
    "another name": (
        lambda known, _: known.serve_as("other.example"),
        "for another name",
        "certificate for this name",
    ),
    "unknown authority": (
        lambda _, folder: Authority(folder, "Nobody knows us").serve_as(NAME),
        "unknown authority",
        "fullchain.pem",
    ),
}


@pytest.mark.parametrize("kind", CAUSES)
async def test_a_certificate_that_others_refuse_is_named_with_its_own_cure(
    kind: str, deps: Deps, authority: Authority, tmp_path: Path
) -> None:
    serving, cause, cure = CAUSES[kind]
    async with hostile(reply(), tls=serving(authority, tmp_path)) as server:
        told = await found(deps, server.port)
    assert not told.ok
    assert cause in str(told.cause)
    assert cure in str(told.cure)
    others = [each for other in CAUSES if other != kind for each in CAUSES[other][1:]]
    assert not any(other in f"{told.cause} {told.cure}" for other in others)


async def test_a_port_that_speaks_no_tls_is_named(deps: Deps) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        told = await found(deps, server.sockets[0].getsockname()[1])
    assert "speaks no TLS" in str(told.cause)
    assert "--tls-cert" in str(told.cure)


async def test_a_port_where_nobody_listens_is_named(deps: Deps, authority: Authority) -> None:
    async with hostile(reply(), tls=authority.serve_as(NAME)) as server:
        port = server.port
    told = await found(deps, port)
    assert told.cause is not None
    assert f"nothing listens on port {port}" in told.cause


async def test_a_port_from_which_nothing_comes_back_is_the_firewalls(
    deps: Deps, client: Client, authority: Authority
) -> None:
    quick = replace(deps, asker=GuardedAsker(client, deadline=0.2))
    async with hostile(stay_silent, tls=authority.serve_as(NAME)) as server:
        told = await found(quick, server.port)
    assert "firewall" in str(told.cure)


@pytest.mark.parametrize(
    ("status", "cause", "cure"),
    [
        (502, "reaches no chapter", "fedi-chapter run"),
        (504, "reaches no chapter", "fedi-chapter run"),
        (404, "something else answers", "let the proxy pass everything"),
        (301, "something else answers", "let the proxy pass everything"),
    ],
)
async def test_a_proxy_that_answers_by_itself_is_told_from_one_that_is_away(
    status: int, cause: str, cure: str, deps: Deps, authority: Authority
) -> None:
    async with hostile(reply(b"", status), tls=authority.serve_as(NAME)) as server:
        told = await found(deps, server.port)
    assert not told.ok
    assert cause in str(told.cause)
    assert cure in str(told.cure)


async def test_a_server_that_answers_well_is_well(deps: Deps, authority: Authority) -> None:
    async with hostile(reply(b"ok\n"), tls=authority.serve_as(NAME)) as server:
        assert (await found(deps, server.port)).ok


async def test_a_name_that_leads_to_this_machine_is_no_name_for_others(deps: Deps) -> None:
    told = await check_name("localhost", private_too=False)
    assert not told.ok
    assert "nobody outside can reach" in str(told.cause)
    assert "/etc/hosts" in str(told.cure)
    assert (await check_name("localhost", private_too=True)).ok


@pytest.mark.parametrize(
    "base",
    [
        "https://chapter.example.org:8443",
        "http://chapter.example.org",
        "https://10.0.0.7",
        "https://[::1]",
        "https://chapter.local",
        "https://chapter",
    ],
)
async def test_an_address_that_can_never_federate_is_named_and_founds_nothing(
    base: str, empty: Shell
) -> None:
    (told,) = check_address(base)
    assert not told.ok
    said = empty.refused(
        *("init", "--domain", "chapter.example.org", "--handle", "here", "--name", "Here"),
        *("--base-url", base),
    )
    assert "no other server could ever talk to" in said
    assert not empty.data.exists()


@pytest.mark.parametrize("domain", ["localhost", "127.0.0.1", "chapter.internal"])
async def test_a_domain_that_nobody_finds_founds_nothing(domain: str, empty: Shell) -> None:
    empty.refused("init", "--domain", domain, "--handle", "here", "--name", "Here")
    assert not empty.data.exists()


async def test_what_follows_from_another_cause_has_no_cure_of_its_own(deps: Deps) -> None:
    wrong = replace(deps, urls=Urls("https://chapter.example.org:8443", "chapter.example.org"))
    findings = {each.check: each for each in await checks_outside.check_outside(wrong)}
    assert [name for name, each in findings.items() if not each.ok] == ["address", "server"]
    assert "not asked" in str(findings["server"].cause)
