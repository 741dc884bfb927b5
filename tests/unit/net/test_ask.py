"""Calls to other servers: what is sent, what comes back, and what is never done."""

import ssl

import pytest

from fedi_chapter.core.errors import BadDocument, Unreachable, UnsafeAddress
from fedi_chapter.net import pools
from fedi_chapter.net.ask import GuardedAsker
from fedi_chapter.net.client import Client
from fedi_chapter.net.guard import Guard
from tests.kit.hostile_server import hostile, reply, stay_silent
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio


@pytest.fixture
def asker(client: Client) -> GuardedAsker:
    return GuardedAsker(client, deadline=0.3)


async def test_a_form_is_posted_and_a_token_shown_only_where_asked(asker: GuardedAsker) -> None:
    async with hostile(reply(b'{"a": 1}')) as server:
        said = await asker.ask(server.url("/x"), bearer="secret")
        assert (said.status, said.body) == (200, b'{"a": 1}')
        await asker.ask(server.url("/y"), form={"code": "a b&c=d", "ü": "€"})
    first, second = server.seen
    assert (first.method, first.headers["authorization"]) == ("GET", "Bearer secret")
    assert first.headers["accept"] == "application/json"
    assert "cookie" not in first.headers
    assert second.method == "POST"
    assert "authorization" not in second.headers
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert second.body == b"code=a+b%26c%3Dd&%C3%BC=%E2%82%AC"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed(status: int, asker: GuardedAsker) -> None:
    async with hostile(reply(status=status, headers={"Location": "/elsewhere"})) as server:
        said = await asker.ask(server.url(), form={"client_secret": "s"})
    assert said.status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
async def test_every_status_is_an_answer(status: int, asker: GuardedAsker) -> None:
    async with hostile(reply(b"no", status)) as server:
        assert (await asker.ask(server.url())).status == status


async def test_an_answer_above_64_kib_is_refused(asker: GuardedAsker) -> None:
    async with hostile(reply(b"x" * (64 * 1024))) as server:
        assert len((await asker.ask(server.url())).body) == 64 * 1024
    async with hostile(reply(b"x" * (64 * 1024 + 1))) as server:
        with pytest.raises(BadDocument):
            await asker.ask(server.url())


async def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_agreed(
    asker: GuardedAsker,
) -> None:
    async with hostile(stay_silent) as server:
        with pytest.raises(Unreachable, match="did not answer"):
            await asker.ask(server.url())


async def test_one_slow_server_does_not_stop_all_calls_for_ever(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "TOGETHER", 1)
    asker = GuardedAsker(client, deadline=0.2)
    async with hostile(stay_silent) as slow, hostile(reply()) as quick:
        with pytest.raises(Unreachable):
            await asker.ask(slow.url())
        monkeypatch.setattr(asker, "_deadline", PATIENCE)
        assert (await asker.ask(quick.url())).status == 200


@pytest.mark.parametrize(
    "url",
    ["http://a.example/", "https://127.0.0.1/", "https://a.example:22/", "file:///etc/passwd"],
)
async def test_the_guard_stands_before_every_call(url: str, trust: ssl.SSLContext) -> None:
    strict = Client(Guard(allow_private=False), tls=trust, user_agent="a-test/1")
    with pytest.raises(UnsafeAddress):
        await GuardedAsker(strict).ask(url, form={"client_secret": "s"})
    await strict.close()
