import ssl
from pathlib import Path

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import (
    NoDocument,
    RemoteRefused,
    Unreachable,
    UnsafeAddress,
)
from fedi_chapter.net import tls
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import Budget, GuardedFetcher
from fedi_chapter.net.guard import Guard
from fedi_chapter.sig.keys import SigningKey
from tests.kit.hostile_server import (
    Authority,
    by_path,
    hostile,
    redirect,
    reply,
)
from tests.kit.outbound import Names

pytestmark = pytest.mark.anyio


# SSRF-01 to 04, 07: where we connect


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"],
)
async def test_in_production_nothing_reaches_a_private_server(
    host: str, clock: SetClock, trust: ssl.SSLContext
) -> None:
    client = Client(Guard(allow_private=False), tls=trust, user_agent="a/1")
    strict = GuardedFetcher(client, clock=clock)
    async with hostile(reply()) as server:
        for scheme in ("http", "https"):
            with pytest.raises(UnsafeAddress):
                await strict.get(server.url(host=host, scheme=scheme))
    await client.close()
    assert server.connections == 0


@pytest.mark.parametrize("bad", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:127.0.0.1"])
async def test_a_name_with_one_bad_address_among_good_ones_is_refused(
    bad: str, fetcher: GuardedFetcher, names: Names
) -> None:
    names.answers = [["127.0.0.1", bad]]
    async with hostile(reply()) as server:
        with pytest.raises(UnsafeAddress):
            await fetcher.get(server.url(host="mixed.example"))
    assert server.connections == 0


async def test_a_name_that_is_bound_anew_is_judged_anew(
    fetcher: GuardedFetcher, names: Names
) -> None:
    names.answers = [["127.0.0.1"], ["169.254.169.254"]]
    closing = reply(b"{}", 200, {"Connection": "close"})
    async with hostile(closing) as server:
        await fetcher.get(server.url(host="rebinding.example"))
        with pytest.raises(UnsafeAddress):
            await fetcher.get(server.url(host="rebinding.example"))
    assert names.asked == ["rebinding.example"] * 2  # one question per connection: none unjudged
    assert server.connections == 1


async def test_the_second_address_is_tried_when_the_first_is_dead(
    fetcher: GuardedFetcher, names: Names
) -> None:
    names.answers = [["127.0.0.2", "127.0.0.1"]]
    async with hostile(reply()) as server:
        got = await fetcher.get(server.url(host="two.example"))
    assert got.body == b"{}"


async def test_tls_and_host_carry_the_name_while_the_judged_address_is_dialled(
    fetcher: GuardedFetcher, authority: Authority, client: Client
) -> None:
    async with hostile(reply(), tls=authority.serve_as("peer.example")) as server:
        await fetcher.get(server.url(host="peer.example", scheme="https"))
        await client.close()
    assert server.asked_names == ["peer.example"]
    assert server.seen[0].headers["host"] == f"peer.example:{server.port}"


async def test_a_certificate_for_another_name_is_refused(
    fetcher: GuardedFetcher, authority: Authority
) -> None:
    async with hostile(reply(), tls=authority.serve_as("peer.example")) as server:
        with pytest.raises(Unreachable, match="certificate"):
            await fetcher.get(server.url(host="other.example", scheme="https"))
    assert not server.seen


async def test_a_connection_checked_for_one_name_is_never_used_for_another(
    fetcher: GuardedFetcher, authority: Authority, client: Client
) -> None:
    async with hostile(reply(), tls=authority.serve_as("peer.example")) as server:
        await fetcher.get(server.url(host="peer.example", scheme="https"))
        with pytest.raises(Unreachable, match="certificate"):
            await fetcher.get(server.url(host="victim.example", scheme="https"))
        await client.close()
    assert [seen.headers["host"] for seen in server.seen] == [f"peer.example:{server.port}"]


async def test_an_unknown_authority_is_refused(
    clock: SetClock, names: Names, authority: Authority
) -> None:
    guard = Guard(allow_private=True, resolver=names)
    client = Client(guard, tls=tls.context(None), user_agent="a/1")
    fetcher = GuardedFetcher(client, clock=clock)
    async with hostile(reply(), tls=authority.serve_as("peer.example")) as server:
        with pytest.raises(Unreachable, match="certificate"):
            await fetcher.get(server.url(host="peer.example", scheme="https"))
    await client.close()


# SSRF-05, SSRF-06: redirects


async def test_three_redirects_are_followed(fetcher: GuardedFetcher) -> None:
    budget = Budget(4)
    answers = {"/1": redirect("/2"), "/2": redirect("/3", 308), "/3": redirect("/4", 301)}
    async with hostile(by_path({**answers, "/4": reply(b"there")})) as server:
        got = await fetcher.get(server.url("/1"), budget=budget)
    assert (got.body, got.url, budget.left) == (b"there", server.url("/4"), 0)


async def test_a_chain_of_redirects_ends_at_the_third(fetcher: GuardedFetcher) -> None:
    async with hostile(redirect("/self")) as server:
        with pytest.raises(NoDocument, match="redirect"):
            await fetcher.get(server.url("/self"))
    assert len(server.seen) == 4


async def test_a_budget_ends_a_chain_of_redirects(fetcher: GuardedFetcher) -> None:
    async with hostile(redirect("/self")) as server:
        with pytest.raises(RemoteRefused, match="fetches"):
            await fetcher.get(server.url("/self"), budget=Budget(2))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "http://0.0.0.0:1/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:pass@127.0.0.1/",
        "/a\tb",
        "/\\evil.example",
        "relative",
        "",
    ],
)
async def test_a_redirect_to_an_unsafe_place_is_refused(
    location: str, fetcher: GuardedFetcher
) -> None:
    async with hostile(redirect(location)) as server:
        with pytest.raises(UnsafeAddress):
            await fetcher.get(server.url())
    assert len(server.seen) == 1


async def test_a_redirect_from_https_to_http_is_refused(
    fetcher: GuardedFetcher, authority: Authority, client: Client
) -> None:
    async with hostile(reply()) as plain:
        answer = redirect(plain.url(host="peer.example"))
        async with hostile(answer, tls=authority.serve_as("peer.example")) as server:
            with pytest.raises(UnsafeAddress, match="https"):
                await fetcher.get(server.url(host="peer.example", scheme="https"))
            await client.close()
    assert plain.connections == 0


async def test_every_hop_is_signed_for_its_own_address(
    fetcher: GuardedFetcher, signing_key: SigningKey
) -> None:
    async with hostile(reply()) as second, hostile(redirect(second.url("/there"))) as first:
        await fetcher.get(first.url("/here"), key=signing_key)
    here, there = first.seen[0].headers, second.seen[0].headers
    assert (here["host"], there["host"]) == (f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}")
    assert here["signature"] != there["signature"]


# SSRF-09, SSRF-13: nothing from the environment, nothing kept for the other side


async def test_a_proxy_in_the_environment_is_ignored(
    fetcher: GuardedFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hostile(reply(b"proxy")) as proxy, hostile(reply(b"direct")) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        monkeypatch.setenv("NO_PROXY", "")
        got = await fetcher.get(server.url(host="peer.example"))
    assert got.body == b"direct"
    assert proxy.connections == 0


def test_certificates_named_in_the_environment_are_not_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.file.parent))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    made = tls.context(None)
    subjects = [str(certificate["subject"]) for certificate in made.get_ca_certs()]
    assert subjects
    assert not any("Throw-away" in subject for subject in subjects)
    assert made.keylog_filename is None


async def test_cookies_are_neither_kept_nor_shown(fetcher: GuardedFetcher) -> None:
    async with hostile(reply(b"{}", 200, {"Set-Cookie": "id=1; Path=/"})) as server:
        url = server.url(host="peer.example")  # libraries keep no cookies for bare addresses
        first = await fetcher.get(url)
        await fetcher.get(url)
    assert "set-cookie" not in first.headers
    assert all("cookie" not in seen.headers for seen in server.seen)
