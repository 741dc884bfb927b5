import pytest

from fedi_chapter.core.names import ascii_address, ascii_host, ascii_mail_address
from fedi_chapter.core.text import handles


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("m.test", "m.test"),
        ("M.Test.", "m.test"),
        ("m.test:8443", "m.test:8443"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("MÜNCHEN.DE", "xn--mnchen-3ya.de"),
        ("mu\u0308nchen.de", "xn--mnchen-3ya.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("XN--MNCHEN-3YA.de:443", "xn--mnchen-3ya.de:443"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("हिन्दी.भारत", "xn--j2bd4cyah0f.xn--h2brj9c"),
        ("127.0.0.1:3000", "127.0.0.1:3000"),
        ("", None),
        ("a b.test", None),
        ("m.test:https", None),
        ("m..test", None),
        ("[", None),
        ("☃.test:٣", None),
        ("xn--a.test", None),
        ("s3--a.Test", "s3--a.test"),
        ("r3---sn-a.test:8443", "r3---sn-a.test:8443"),
        ("-a.test", None),
        ("a-.test", None),
        ("a_b.test", None),
        (f"{'a' * 64}.test", None),
        (f"{'a.' * 125}test", None),
    ],
)
def test_each_host_has_one_spelling(written: str, read: str | None) -> None:
    assert ascii_host(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("me@münchen.de", "me@xn--mnchen-3ya.de"),
        ("Me.Too+x@MÜNCHEN.de", "Me.Too+x@xn--mnchen-3ya.de"),
        ("me@m.test", "me@m.test"),
        ("jürgen@m.test", "jürgen@m.test"),
        ("me@ü ber.de", "me@ü ber.de"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("", ""),
    ],
)
def test_only_the_domain_of_a_mail_address_is_rewritten(written: str, read: str) -> None:
    assert ascii_mail_address(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://münchen.de", "https://xn--mnchen-3ya.de"),
        ("https://münchen.de:8443/@ü?q=ü#ü", "https://xn--mnchen-3ya.de:8443/@ü?q=ü#ü"),
        ("https://m.test/ü", "https://m.test/ü"),
        ("https://münchen.de@evil.test/", "https://münchen.de@evil.test/"),
        ("@me@münchen.de", "@me@münchen.de"),
    ],
)
def test_only_the_host_of_an_address_is_rewritten(written: str, read: str) -> None:
    assert ascii_address(written) == read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi @me@münchen.de!", [("me", "xn--mnchen-3ya.de")]),
        ("(@me@MÜNCHEN.de), @me@xn--mnchen-3ya.de", [("me", "xn--mnchen-3ya.de")]),
        ("@me@हिन्दी.भारत।", [("me", "xn--j2bd4cyah0f.xn--h2brj9c")]),
        ("@me@mu\u0308nchen.de…", [("me", "xn--mnchen-3ya.de")]),
        ("@me@例え.テスト。次", [("me", "xn--r8jz45g.xn--zckzah")]),
        ("@me@m.test's «@you@m.test»", [("me", "m.test"), ("you", "m.test")]),
        ("@me@m.test. @you@m-1.test-", [("me", "m.test"), ("you", "m-1.test")]),
        (
            "@me@localhost:8000/x @me@127.0.0.1:80",
            [("me", "localhost:8000"), ("me", "127.0.0.1:80")],
        ),
        ("me@münchen.de @me @me@ @me@- x@me@m.test @me@☃.", []),
        ("@me@" + "a" * 64 + ".test", []),
    ],
)
def test_handles_are_found_in_a_text(text: str, found: list[tuple[str, str]]) -> None:
    assert list(handles(text)) == found
