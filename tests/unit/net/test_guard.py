import asyncio
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from fedi_chapter.core.errors import Unreachable, UnsafeAddress
from fedi_chapter.net import guard as guard_module
from fedi_chapter.net.guard import Guard, SystemResolver, Target
from tests.kit.leaping import LeapingLoop

STRICT = Guard(allow_private=False)
LAX = Guard(allow_private=True)

ALWAYS_REFUSED = [
    "",
    "https://",
    "https:///path",
    "//example.org/",
    "example.org",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "data:text/plain,x",
    "unix:/run/x.sock",
    "acct:alice@example.org",
    "javascript:alert(1)",
    "https:example.org",
    "https:/example.org",
    "https:\\\\example.org\\",
    "https://example.org\\@evil.example/",
    "https://user@example.org/",
    "https://user:pass@example.org/",
    "https://@example.org/",
    "https://example.org:/",
    "https://example.org:0/",
    "https://example.org:65536/",
    "https://example.org:443:443/",
    "https://example.org:4４3/",
    "https://example.org./",
    "https://.example.org/",
    "https://example..org/",
    "https://-example.org/",
    "https://exa_mple.org/",
    "https://exa mple.org/",
    "https://exam%70le.org/",
    "https://example.org%2e/",
    "https://example.org%00/",
    "https://example.org/a b",
    "https://example.org/a\tb",
    "https://example.org/a\r\nHost: evil.example",
    "https://example.org/\x00",
    "https://example.org/\x7f",
    "https://example.org/\u2028",
    "https://example.org/\u200b",
    "https://example.org/\ud800",
    " https://example.org/",
    "https://example.org/%",
    "https://example.org/%0",
    "https://example.org/%zz",
    "https://example.org/a/../b",
    "https://example.org/./b",
    "https://example.org/..",
    "https://example.org/" + "a" * 2048,
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://" + "ä." * 127 + "example/",
    "https://xn--a.example/",
    "https://xn--zzzzzzzzz-.example/",
    "https://ex\u00adample.org/",
    "https://ℂ.example/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.0x1/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://example.1/",
    "https://example.0x/",
    "https://[::1/",
    "https://::1/",
    "https://[::1%25lo]/",
    "https://[::1%lo]/",
    "https://[127.0.0.1]/",
    "https://[]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://something.onion/",
    "https://something.i2p/",
]

PRIVATE_ONLY = [
    "http://example.org/",
    "https://example.org:8443/",
    "https://example.org:80/",
    "https://example.org:22/",
    "https://localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://db.internal/",
    "https://web.localhost/",
    "http://127.0.0.1:3000/inbox",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[fd00::1]/",
]


@pytest.mark.parametrize("url", ALWAYS_REFUSED)
def test_a_dangerous_url_is_refused_even_in_a_demo(url: str) -> None:
    for guard in (STRICT, LAX):
        with pytest.raises(UnsafeAddress):
            guard.judge(url)


@pytest.mark.parametrize("url", PRIVATE_ONLY)
def test_a_private_url_is_for_demos_only(url: str) -> None:
    assert LAX.judge(url).url == url
    with pytest.raises(UnsafeAddress):
        STRICT.judge(url)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG:443/Path", "https://example.org/Path"),
        ("https://example.org?q=1", "https://example.org/?q=1"),
        ("https://example.org/a?", "https://example.org/a"),
        ("https://example.org/u#main-key", "https://example.org/u"),
        ("https://Bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://example.org/é?x=ü", "https://example.org/%C3%A9?x=%C3%BC"),
        ("https://example.org/a%2Fb%c3", "https://example.org/a%2Fb%c3"),
        ("https://example.org/@a;b=c,d/~e!$&'()*+", "https://example.org/@a;b=c,d/~e!$&'()*+"),
        (
            'https://example.org/<a>[b]{c}|^`"',
            "https://example.org/%3Ca%3E%5Bb%5D%7Bc%7D%7C%5E%60%22",
        ),
        ("https://example.org/?url=https://a/../b", "https://example.org/?url=https://a/../b"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:0::1111]/", "https://[2606:4700::1111]/"),
    ],
)
def test_a_good_url_is_brought_to_one_form(url: str, canonical: str) -> None:
    assert STRICT.judge(url).url == canonical


def test_a_look_alike_name_shows_as_punycode() -> None:
    assert STRICT.judge("https://аррӏе.example/").host == "xn--80ak6aa92e.example"


def test_the_origin_names_only_an_unusual_port() -> None:
    assert Target("https", "a.example", 443, "/x").origin == "https://a.example"
    assert Target("http", "a.example", 80, "/x").origin == "http://a.example"
    assert Target("http", "::1", 8080, "/x").origin == "http://[::1]:8080"


PIECES = ["http", "https", "://", ":", "/", "//", "@", "\\", ".", "..", "%", "%2e", "%00", "?", "#"]
NAMES = ["[", "]", "::1", "127.0.0.1", "0x7f", "1", "a", "example.org", "xn--", "ü", "。", "１"]
ODD = [" ", "\t", "\r\n", "\x00", "\ud800", "&", "=", "+", "~", "'", '"', "|", ":443", "a" * 70]
URLISH = st.lists(
    st.sampled_from([*PIECES, *NAMES, *ODD]) | st.text(max_size=5),
    max_size=14,
).map("".join)


@given(st.text() | URLISH | URLISH.map("https://example.org/".__add__))
def test_judging_raises_nothing_but_unsafe_address(url: str) -> None:
    for guard in (STRICT, LAX):
        try:
            target = guard.judge(url)
        except UnsafeAddress:
            continue
        assert target.url.isascii()
        assert guard.judge(target.url) == target


@given(URLISH.map("https://example.org".__add__) | URLISH.map("http://".__add__) | URLISH)
def test_both_client_libraries_send_exactly_what_was_judged(url: str) -> None:
    try:
        target = LAX.judge(url)
    except UnsafeAddress:
        return
    with_httpx, with_yarl = httpx.URL(target.url), URL(target.url, encoded=True)
    assert with_httpx.raw_path.decode() == with_yarl.raw_path_qs == target.path
    assert with_httpx.raw_host.decode() == with_yarl.raw_host == target.host
    assert (with_httpx.port or guard_module.DEFAULT_PORTS[target.scheme]) == target.port
    assert with_yarl.port == target.port


class Names:
    """A resolver with a script: each question takes the next answer."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(f"{host}:{port}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.anyio
async def test_every_answer_for_a_name_is_handed_on() -> None:
    names = Names(["8.8.8.8", "2606:4700::1111"])
    guard = Guard(allow_private=False, resolver=names)
    assert await guard.resolve("a.example", 443) == ("8.8.8.8", "2606:4700::1111")
    assert names.asked == ["a.example:443"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "bad", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:8.8.8.8", "fe80::1%eth0", "x", ""]
)
async def test_one_bad_answer_refuses_the_whole_name(bad: str) -> None:
    for answers in (["8.8.8.8", bad], [bad, "8.8.8.8"], [bad]):
        guard = Guard(allow_private=False, resolver=Names(answers))
        with pytest.raises(UnsafeAddress):
            await guard.resolve("a.example", 443)


@pytest.mark.anyio
async def test_a_literal_address_is_judged_and_no_resolver_asked() -> None:
    names = Names()
    guard = Guard(allow_private=False, resolver=names)
    assert await guard.resolve("8.8.8.8", 443) == ("8.8.8.8",)
    with pytest.raises(UnsafeAddress):
        await guard.resolve("127.0.0.1", 443)
    assert not names.asked


def test_judged_answers_are_remembered_for_a_while() -> None:
    async def ask() -> None:
        names = Names(["8.8.8.8"], ["9.9.9.9"])
        guard = Guard(allow_private=False, resolver=names, remember=20)
        assert await guard.resolve("a.example", 443) == ("8.8.8.8",)
        await asyncio.sleep(19)
        assert await guard.resolve("a.example", 443) == ("8.8.8.8",)
        await asyncio.sleep(2)
        assert await guard.resolve("a.example", 443) == ("9.9.9.9",)

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(ask())


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [[], OSError("no such name"), UnicodeError("odd")])
async def test_an_unknown_name_is_unreachable_and_not_asked_again(
    answer: Sequence[str] | Exception,
) -> None:
    names = Names(answer)
    guard = Guard(allow_private=False, resolver=names)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await guard.resolve("gone.example", 443)
    assert len(names.asked) == 1


@pytest.mark.anyio
async def test_the_memory_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "MAX_REMEMBERED", 2)
    names = Names(*[["8.8.8.8"]] * 4)
    guard = Guard(allow_private=False, resolver=names)
    for host in ("a.example", "b.example", "c.example", "b.example", "a.example"):
        await guard.resolve(host, 443)
    assert [name[0] for name in names.asked] == ["a", "b", "c", "a"]


@pytest.mark.anyio
async def test_the_system_resolver_knows_this_machine() -> None:
    answers = await SystemResolver()("localhost", 80)
    assert set(answers) & {"127.0.0.1", "::1"}
    with pytest.raises(UnsafeAddress):
        await Guard(allow_private=False).resolve("localhost", 443)
