"""Whatever is sent: a tampered request fails, and nothing but the two named errors comes out."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig.keys import read_multikey, read_public_pem
from fedi_chapter.sig.sign import Scheme, sign
from fedi_chapter.sig.verify import Request, check, claim
from tests.unit.sig import letters
from tests.unit.sig.letters import BASE, BODY, NOW, RSA, digest_of

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
SCHEMES: tuple[Scheme, ...] = ("cavage", "rfc9421")
PARSED = (
    *("signature", "signature-input", "digest", "content-digest", "date", "host"),
    *("content-length", "transfer-encoding", "x-other"),
)
SIGNED = {
    scheme: letters.request(
        sign(scheme, RSA, method="POST", url=f"{BASE}/inbox", at=NOW, digest=digest_of(BODY))
    )
    for scheme in SCHEMES
}
COVERED = {
    "cavage": (b"host", b"date", b"digest"),
    "rfc9421": (b"content-digest", b"signature-input"),
}


def verify(received: Request) -> None:
    check(claim(received, now=NOW), letters.remote(RSA))


@given(scheme=st.sampled_from(SCHEMES), data=st.data())
def test_no_covered_character_can_be_changed(scheme: Scheme, data: st.DataObject) -> None:
    signed = SIGNED[scheme]
    name = data.draw(st.sampled_from(COVERED[scheme]))
    value = dict(signed.headers)[name]
    at = data.draw(st.integers(0, len(value) - 1))
    new = data.draw(st.integers(0x21, 0x7E).filter(lambda byte: byte != value[at]))
    changed = value[:at] + bytes([new]) + value[at + 1 :]
    headers = tuple((each, changed if each == name else old) for each, old in signed.headers)
    received = Request(signed.method, signed.target, headers, signed.body, signed.base)
    with pytest.raises((SignatureInvalid, SignatureMalformed)):
        verify(received)


@given(scheme=st.sampled_from(SCHEMES), at=st.integers(0, 255), bit=st.integers(0, 7))
def test_no_bit_of_the_signature_can_be_changed(scheme: Scheme, at: int, bit: int) -> None:
    good = claim(SIGNED[scheme], now=NOW)
    flipped = bytearray(good.signature)
    flipped[at] ^= 1 << bit
    with pytest.raises(SignatureInvalid):
        check(replace(good, signature=bytes(flipped)), letters.remote(RSA))


@given(scheme=st.sampled_from(SCHEMES), data=st.data())
def test_no_byte_of_the_body_can_be_changed(scheme: Scheme, data: st.DataObject) -> None:
    body = data.draw(st.binary(max_size=64).filter(lambda other: other != BODY))
    signed = SIGNED[scheme]
    with pytest.raises((SignatureInvalid, SignatureMalformed)):
        verify(Request(signed.method, signed.target, signed.headers, body, signed.base))


@given(scheme=st.sampled_from(SCHEMES), target=st.text(PRINTABLE, max_size=32))
def test_the_target_can_not_be_changed(scheme: Scheme, target: str) -> None:
    signed = SIGNED[scheme]
    path = f"/{target}"
    if path.partition("?")[0] == "/inbox":
        return  # a query that was not signed: the quirk that Gancio needs
    with pytest.raises((SignatureInvalid, SignatureMalformed)):
        verify(Request("POST", path, signed.headers, signed.body, signed.base))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([name.encode() for name in PARSED]),
            st.one_of(
                st.binary(max_size=200),
                st.sampled_from([value for each in SIGNED.values() for _, value in each.headers]),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(["GET", "POST", "", "\n"]),
    st.one_of(st.text(max_size=20), st.binary(max_size=20)),
)
def test_garbage_is_refused_by_name(
    headers: list[tuple[bytes, bytes]], method: str, target: str | bytes
) -> None:
    with suppress(SignatureInvalid, SignatureMalformed):
        verify(Request(method, target, tuple(headers), BODY, BASE))


@given(
    covered=st.text(PRINTABLE, max_size=80),
    parameters=st.text(PRINTABLE, max_size=80),
)
def test_odd_structured_fields_are_refused_by_name(covered: str, parameters: str) -> None:
    usual = f'"@method" "@target-uri" "content-digest" {covered}'
    headers = {
        **{name.decode(): value.decode() for name, value in SIGNED["rfc9421"].headers},
        "signature-input": f'sig1=({usual});created={letters.SECONDS};keyid="k"{parameters}',
    }
    with suppress(SignatureInvalid, SignatureMalformed):
        claim(letters.request(headers), now=NOW)


@given(st.text())
def test_garbage_is_no_key(text: str) -> None:
    for read in (read_public_pem, read_multikey):
        for spelling in (text, f"u{text}", f"z{text}", f"-----BEGIN PUBLIC KEY-----\n{text}"):
            with pytest.raises(SignatureInvalid):
                read(spelling)
