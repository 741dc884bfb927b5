import pytest

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.verify import Request, check, claim
from tests.unit.sig import letters
from tests.unit.sig.letters import (
    BODY,
    ED25519,
    NOW,
    RSA,
    SECONDS,
    cavage,
    digest_of,
    request,
    rfc9421,
)

KEYID = f'keyid="{RSA.id}"'
CREATED = f"created={SECONDS}"
USUAL = '"@method" "@target-uri" "content-digest"'


def verify(received: Request, key: SigningKey = RSA) -> None:
    check(claim(received, now=NOW), letters.remote(key))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(rfc9421(), id="the usual set"),
        pytest.param(
            rfc9421(
                '"@method" "@target-uri" "@authority" "host" "date" "content-digest"',
                parameters=f';alg="rsa-v1_5-sha256";{KEYID};{CREATED}',
            ),
            id="Fedify's set, with alg",
        ),
        pytest.param(
            rfc9421('"@method" "@authority" "@path" "content-digest"'), id="authority and path"
        ),
        pytest.param(
            rfc9421(
                '"@method" "@target-uri" "@query" "@scheme" "@request-target" "content-digest"'
            ),
            id="every derived component there is",
        ),
        pytest.param(
            rfc9421(parameters=f';{CREATED};expires={SECONDS + 60};{KEYID};nonce="n";tag="t"'),
            id="every parameter there is",
        ),
        pytest.param(rfc9421(label="anything"), id="another label"),
        pytest.param(
            rfc9421(content_digest=f"sha-256=:{digest_of(BODY)}:, md5=:AAAA:"),
            id="an unknown digest beside it",
        ),
    ],
)
def test_a_good_signature_is_accepted(headers: dict[str, str]) -> None:
    verify(request(headers))


def test_an_ed25519_key_signs_too() -> None:
    verify(request(rfc9421(key=ED25519)), ED25519)
    named = rfc9421(key=ED25519, parameters=f';{CREATED};{KEYID};alg="ed25519"')
    verify(request(named), ED25519)


@pytest.mark.parametrize(
    ("case", "headers"),
    [
        ("SIG-21 no created", rfc9421(parameters=f";{KEYID}")),
        ("SIG-21 no keyid", rfc9421(parameters=f";{CREATED}")),
        ("SIG-21 empty keyid", rfc9421(parameters=f';{CREATED};keyid=""')),
        ("SIG-21 no method", rfc9421('"@target-uri" "content-digest"')),
        ("SIG-21 no target", rfc9421('"@method" "content-digest"')),
        ("SIG-21 authority without path", rfc9421('"@method" "@authority" "content-digest"')),
        ("SIG-21 path without authority", rfc9421('"@method" "@path" "content-digest"')),
        ("SIG-21 no content-digest", rfc9421('"@method" "@target-uri"')),
        ("SIG-21 content-digest absent", rfc9421(content_digest=None)),
        ("SIG-04 digest of another body", rfc9421(content_digest=f"sha-256=:{digest_of(b'')}:")),
        ("SIG-04 unknown digest only", rfc9421(content_digest="md5=:AAAA:")),
        (
            "SIG-04 one of two wrong",
            rfc9421(content_digest=f"sha-256=:{digest_of(BODY)}:, sha-512=:{digest_of(BODY)}:"),
        ),
        ("SIG-07 too old", rfc9421(parameters=f";created={SECONDS - 3901};{KEYID}")),
        ("SIG-07 too far ahead", rfc9421(parameters=f";created={SECONDS + 3901};{KEYID}")),
        ("SIG-07 negative", rfc9421(parameters=f";created=-1;{KEYID}")),
        ("SIG-07 huge", rfc9421(parameters=f";created=999999999999999;{KEYID}")),
        ("SIG-07 text", rfc9421(parameters=f';created="noon";{KEYID}')),
        ("SIG-07 yes", rfc9421(parameters=f";created;{KEYID}")),
        (
            "SIG-07 expired",
            rfc9421(parameters=f";created={SECONDS - 999};expires={SECONDS - 301};{KEYID}"),
        ),
        ("SIG-07 expires text", rfc9421(parameters=f';{CREATED};expires="x";{KEYID}')),
        ("SIG-22 unknown parameter", rfc9421(parameters=f";{CREATED};{KEYID};x=1")),
        ("SIG-22 unknown alg", rfc9421(parameters=f';{CREATED};{KEYID};alg="hmac-sha256"')),
        ("SIG-22 alg of another kind", rfc9421(parameters=f';{CREATED};{KEYID};alg="ed25519"')),
        ("SIG-22 alg as a token", rfc9421(parameters=f";{CREATED};{KEYID};alg=ed25519")),
        ("SIG-22 req", rfc9421('"@method";req "@target-uri" "content-digest"')),
        ("SIG-22 bs", rfc9421('"@method" "@target-uri" "content-digest";bs')),
        ("SIG-22 sf", rfc9421('"@method" "@target-uri" "content-digest";sf')),
        ("SIG-22 component twice", rfc9421(f'{USUAL} "@method"')),
        ("SIG-22 component as a token", rfc9421(f"{USUAL} date")),
        ("SIG-22 component in capitals", rfc9421(f'{USUAL} "Date"')),
        ("SIG-22 unknown derived component", rfc9421(f'{USUAL} "@status"')),
        ("SIG-22 parameters as a component", rfc9421(f'{USUAL} "@signature-params"')),
        ("a covered header that is absent", rfc9421(f'{USUAL} "x-none"')),
    ],
)
def test_a_bad_signature_is_refused(case: str, headers: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(request(headers))


def _with(**changed: str) -> dict[str, str]:
    return {**rfc9421(), **{name.replace("_", "-"): value for name, value in changed.items()}}


def _two_labels() -> dict[str, str]:
    one, two = rfc9421(), rfc9421(label="sig2")
    return {
        **one,
        "signature-input": f"{one['signature-input']}, {two['signature-input']}",
        "signature": f"{one['signature']}, {two['signature']}",
    }


def _without_signature() -> dict[str, str]:
    headers = rfc9421()
    del headers["signature"]
    return headers


@pytest.mark.parametrize(
    ("case", "headers"),
    [
        ("two labels, both good", _two_labels()),
        ("labels differ", _with(signature=rfc9421(label="other")["signature"])),
        ("empty input", _with(signature_input="")),
        ("no signature", _without_signature()),
        ("signature is no bytes", _with(signature="sig1=1")),
        ("signature is a list", _with(signature="sig1=(:AAAA:)")),
        ("input is no list", _with(signature_input="sig1=:AAAA:")),
        ("input is a flag", _with(signature_input="sig1")),
    ],
)
def test_headers_that_do_not_fit_each_other_are_refused(case: str, headers: dict[str, str]) -> None:
    with pytest.raises((SignatureInvalid, SignatureMalformed)):
        verify(request(headers))


@pytest.mark.parametrize(
    ("case", "headers"),
    [
        ("broken input", _with(signature_input="sig1=(")),
        ("input not ASCII", _with(signature_input="sig1=(\xff)")),
        ("long input", _with(signature_input="a" * 65536)),
        ("label twice", _with(signature_input=f"sig1=(), {rfc9421()['signature-input']}")),
        ("created twice", rfc9421(parameters=f";{CREATED};{CREATED};{KEYID}")),
        ("created of 2^63", rfc9421(parameters=f";created={2**63};{KEYID}")),
        ("broken signature", _with(signature="sig1=:*:")),
        ("broken digest", rfc9421(content_digest="sha-256=:*:")),
        ("digest name in capitals", rfc9421(content_digest=f"SHA-256=:{digest_of(BODY)}:")),
        ("digest twice", rfc9421(content_digest=f"sha-256=:AAAA:, sha-256=:{digest_of(BODY)}:")),
        ("a line break in a covered header", rfc9421(f'{USUAL} "x-a"', x_a='1\n"x-b": 2')),
    ],
)
def test_an_unreadable_field_is_malformed(case: str, headers: dict[str, str]) -> None:
    with pytest.raises(SignatureMalformed):
        verify(request(headers))


def test_a_digest_that_is_no_bytes_is_refused() -> None:
    with pytest.raises((SignatureInvalid, SignatureMalformed)):
        verify(request(rfc9421(content_digest="sha-256=1")))


def test_a_broken_new_signature_never_falls_back_to_a_good_old_one() -> None:
    for broken in ("", "sig1=(", rfc9421()["signature-input"]):
        with pytest.raises((SignatureInvalid, SignatureMalformed)):
            verify(request({**cavage(), "signature-input": broken}))


def test_a_good_new_signature_beside_an_old_one_is_malformed() -> None:
    both = [*rfc9421().items(), ("signature", cavage()["signature"])]
    with pytest.raises(SignatureMalformed):
        verify(request(both))


def test_another_key_does_not_verify() -> None:
    with pytest.raises(SignatureInvalid):
        verify(request(rfc9421()), ED25519)


@pytest.mark.parametrize(
    ("base", "target", "host", "signed"),
    [
        pytest.param(
            "http://127.0.0.1:8000", "/a", "127.0.0.1", "http://127.0.0.1:8000/a", id="our origin"
        ),
        pytest.param(
            "http://127.0.0.1:8000", "/a", "127.0.0.1", "http://127.0.0.1/a", id="without the port"
        ),
        pytest.param(
            "https://c.example", "/a?b=1", "c.example", "https://c.example/a?b=1", id="query"
        ),
        pytest.param(
            "https://c.example", "/a?b=1", "c.example", "https://c.example/a", id="query left out"
        ),
        pytest.param(
            "https://c.example", "/a", "inner.local", "https://c.example/a", id="a proxy's Host"
        ),
    ],
)
def test_the_target_uri_is_ours_in_every_spelling_we_take(
    base: str, target: str, host: str, signed: str
) -> None:
    verify(request(_signed_for(signed, host), method="GET", target=target, base=base))


@pytest.mark.parametrize(
    ("signed", "host"),
    [
        pytest.param("https://other.example/a", "other.example", id="another host, and its name"),
        pytest.param("https://c.example:8443/a", "c.example:8443", id="another port"),
        pytest.param("http://c.example/a", "c.example", id="another scheme"),
        pytest.param("https://c.example/b", "c.example", id="another path"),
        pytest.param("https://c.example/a?b=2", "c.example", id="another query"),
    ],
)
def test_what_was_signed_for_another_place_is_refused(signed: str, host: str) -> None:
    received = request(
        _signed_for(signed, host), method="GET", target="/a?b=1", base="https://c.example"
    )
    with pytest.raises(SignatureInvalid):
        verify(received)


def _signed_for(uri: str, host: str) -> dict[str, str]:
    parameters = f'("@method" "@target-uri");{CREATED};{KEYID}'
    text = f'"@method": GET\n"@target-uri": {uri}\n"@signature-params": {parameters}'
    return {
        "host": host,
        "signature-input": f"sig1={parameters}",
        "signature": f"sig1=:{letters.seal(RSA.private, text)}:",
    }
