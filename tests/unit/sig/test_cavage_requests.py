import hmac
from base64 import b64encode
from datetime import timedelta, timezone
from email.utils import format_datetime
from hashlib import md5

import pytest

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig.verify import Request, check, claim, is_signed
from tests.unit.sig import letters
from tests.unit.sig.letters import BODY, ED25519, NOW, RSA, SECONDS, cavage, digest_of, request

HS2019 = 'algorithm="hs2019"'
GET = "(request-target) host date"
GET_LINE = "get /inbox"
CREATED = "(request-target) host (created) digest"


def verify(received: Request) -> None:
    check(claim(received, now=NOW), letters.remote(RSA))


def http_date(away: timedelta) -> str:
    return format_datetime(NOW + away, usegmt=True)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(cavage(), id="the usual set"),
        pytest.param(cavage(extra=""), id="no algorithm named"),
        pytest.param(cavage(extra=HS2019), id="hs2019, which leaves it to the key"),
        pytest.param(
            cavage("host date digest content-type (request-target)", content_type="a/b"),
            id="content-type covered, another order",
        ),
        pytest.param(
            cavage(user_agent="x"),
            id="a header that is not covered",
        ),
        pytest.param(cavage(CREATED, extra=HS2019, created=str(SECONDS)), id="created, no date"),
        pytest.param(
            cavage(
                f"{CREATED} (expires)",
                extra=HS2019,
                created=str(SECONDS),
                expires=str(SECONDS + 60),
            ),
            id="created and expires",
        ),
        pytest.param(
            cavage(extra=f'{HS2019},created="{SECONDS}",opaque="x"'),
            id="quoted time and unknown parameter",
        ),
        pytest.param(
            cavage(digest=f"unixsum=1,SHA-256={digest_of(BODY)}"), id="an unknown digest beside it"
        ),
        pytest.param(cavage(digest=f"sha-256={digest_of(BODY)}"), id="digest name in lower case"),
        pytest.param(cavage(date=http_date(timedelta(minutes=64))), id="64 minutes ahead"),
        pytest.param(cavage(date=http_date(timedelta(minutes=-64))), id="64 minutes old"),
    ],
)
def test_a_good_signature_is_accepted(headers: dict[str, str]) -> None:
    verify(request(headers))


def test_the_word_signature_may_stand_before_the_parameters() -> None:
    headers = cavage()
    verify(request({**headers, "signature": f"Signature {headers['signature']}"}))


def test_the_claim_names_the_key() -> None:
    assert claim(request(cavage()), now=NOW).key_id == RSA.id


def test_a_get_needs_no_digest() -> None:
    verify(request(cavage(GET, line=GET_LINE), method="GET"))


def test_repeated_headers_are_joined() -> None:
    headers = cavage("(request-target) host date digest x-many", x_many="a, b")
    headers.pop("x-many")
    verify(request([*headers.items(), ("x-many", "a"), ("x-many", " b ")]))


@pytest.mark.parametrize(
    ("base", "host"),
    [
        pytest.param("http://127.0.0.1:18101", "127.0.0.1:18101", id="with our port"),
        pytest.param("http://127.0.0.1:18101", "127.0.0.1", id="without our port"),
        pytest.param("https://chapter.example", "chapter.example:443", id="with the default port"),
        pytest.param("https://chapter.example", "Chapter.Example", id="in other case"),
    ],
)
def test_the_host_is_ours_with_or_without_the_port(base: str, host: str) -> None:
    verify(request(cavage(host=host), base=base))


@pytest.mark.parametrize(
    ("case", "headers"),
    [
        ("SIG-01 no signature", {"host": "chapter.example"}),
        ("SIG-03 digest not covered", cavage("(request-target) host date")),
        ("SIG-04 MD5 only", cavage(digest=f"MD5={md5(BODY).hexdigest()}")),
        ("SIG-04 unixsum only", cavage(digest="unixsum=1")),
        ("SIG-04 empty digest", cavage(digest="")),
        ("SIG-04 digest covered and absent", cavage(digest=None)),
        (
            "SIG-04 one of two wrong",
            cavage(digest=f"SHA-256={digest_of(BODY)},SHA-512={digest_of(BODY)}"),
        ),
        (
            "SIG-04 the same digest right and wrong",
            cavage(digest=f"SHA-256={digest_of(BODY)},SHA-256={digest_of(b'')}"),
        ),
        ("SIG-05 empty list", cavage("")),
        ("SIG-05 no list", cavage(None)),
        ("SIG-05 no request-target", cavage("host date digest")),
        ("SIG-05 no host", cavage("(request-target) date digest")),
        ("SIG-06 signed for another host", cavage(host="other.example")),
        ("SIG-06 signed for another port", cavage(host="chapter.example:8443")),
        ("SIG-06 signed for another path", cavage(line="post /other/inbox")),
        ("SIG-06 host covered and absent", cavage(host=None)),
        ("SIG-07 no time", cavage("(request-target) host digest")),
        ("SIG-07 date covered and absent", cavage(date=None)),
        ("SIG-07 too old", cavage(date=http_date(timedelta(minutes=-65, seconds=-1)))),
        ("SIG-07 too far ahead", cavage(date=http_date(timedelta(minutes=65, seconds=1)))),
        ("SIG-07 no date", cavage(date="yesterday")),
        ("SIG-07 a day that never was", cavage(date="Wed, 30 Feb 2023 10:00:00 GMT")),
        ("SIG-07 year 0", cavage(date="Wed, 20 Dec 0000 10:00:00 GMT")),
        (
            "SIG-07 created too old",
            cavage(CREATED, extra=HS2019, created=str(SECONDS - 3901)),
        ),
        ("SIG-07 created ahead", cavage(CREATED, extra=HS2019, created=str(SECONDS + 3901))),
        ("SIG-07 created negative", cavage(CREATED, extra=HS2019, created="-1")),
        ("SIG-07 created 2^63", cavage(CREATED, extra=HS2019, created=str(2**63))),
        ("SIG-07 created text", cavage(CREATED, extra=HS2019, created='"noon"')),
        ("SIG-07 created covered and absent", cavage(CREATED, extra=HS2019)),
        (
            "SIG-07 expired",
            cavage(
                f"{CREATED} (expires)",
                extra=HS2019,
                created=str(SECONDS - 1000),
                expires=str(SECONDS - 301),
            ),
        ),
        ("SIG-07 expired, not covered", cavage(extra=f"{HS2019},expires={SECONDS - 301}")),
        ("SIG-08 hmac", cavage(extra='algorithm="hmac-sha256"')),
        ("SIG-08 none", cavage(extra='algorithm="none"')),
        ("SIG-08 rsa-sha1", cavage(extra='algorithm="rsa-sha1"')),
        ("SIG-08 ecdsa", cavage(extra='algorithm="ecdsa-sha256"')),
        ("SIG-08 rsa-sha256 and created", cavage(CREATED, created=str(SECONDS))),
        (
            "SIG-08 rsa-sha256 and expires",
            cavage("(request-target) host date digest (expires)", expires=str(SECONDS + 9)),
        ),
        ("SIG-08 hs2019 without a time", cavage("(request-target) host digest", extra=HS2019)),
        ("a covered header that is absent", cavage("(request-target) host date digest x-none")),
    ],
)
def test_a_bad_signature_is_refused(case: str, headers: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify(request(headers))


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify(request(cavage(), body=BODY + b" "))


def test_a_get_with_a_body_needs_a_digest() -> None:
    with pytest.raises(SignatureInvalid):
        verify(request(cavage(GET, line=GET_LINE), method="GET", body=BODY))


def test_rsa_sha256_does_not_go_with_an_ed25519_key() -> None:
    headers = cavage(key=ED25519)
    with pytest.raises(SignatureInvalid):
        check(claim(request(headers), now=NOW), letters.remote(ED25519))


def test_hs2019_goes_with_an_ed25519_key() -> None:
    headers = cavage(key=ED25519, extra=HS2019)
    check(claim(request(headers), now=NOW), letters.remote(ED25519))


def test_an_rsa_signature_does_not_verify_under_an_ed25519_key() -> None:
    with pytest.raises(SignatureInvalid):
        check(claim(request(cavage(extra=HS2019)), now=NOW), letters.remote(ED25519))


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hs2019"])
def test_the_public_key_as_a_shared_secret_proves_nothing(algorithm: str) -> None:
    text = f"(request-target): post /inbox\nhost: {letters.HOST}\ndate: {letters.DATE}\n"
    text += f"digest: SHA-256={digest_of(BODY)}"
    forged = b64encode(hmac.digest(letters.remote(RSA).public, text.encode(), "sha256")).decode()
    good = cavage(extra=f'algorithm="{algorithm}"')
    start = good["signature"].index('signature="')
    headers = {**good, "signature": f'{good["signature"][:start]}signature="{forged}"'}
    with pytest.raises(SignatureInvalid):
        verify(request(headers))


def _parameters(**changed: str) -> str:
    words = {"keyId": '"k"', "headers": '"host"', "signature": '"AAAA"', **changed}
    return ",".join(f"{name}={value}" for name, value in words.items() if value)


@pytest.mark.parametrize(
    ("case", "value"),
    [
        ("empty", ""),
        ("one word", "Signature"),
        ("binary", "\x00\xff\xfe"),
        ("64 KB", _parameters(keyId=f'"{"k" * 65536}"')),
        ("64 KB of commas", "," * 65536),
        ("64 KB of spaces", " " * 65536),
        ("64 KB of names", 'a="' * 21846),
        ("keyId twice", _parameters() + ',keyId="other"'),
        ("no keyId", _parameters(keyId="")),
        ("empty keyId", _parameters(keyId='""')),
        ("no signature", _parameters(signature="")),
        ("open quote", 'keyId="k'),
        ("no comma", 'keyId="k" signature="AAAA"'),
    ],
)
def test_an_unreadable_signature_is_malformed(case: str, value: str) -> None:
    with pytest.raises(SignatureMalformed):
        claim(request({**cavage(), "signature": value}), now=NOW)


def test_a_signature_that_is_not_base64_is_malformed() -> None:
    headers = cavage()
    broken = headers["signature"].replace('signature="', 'signature="*')
    with pytest.raises(SignatureMalformed):
        claim(request({**headers, "signature": broken}), now=NOW)


@pytest.mark.parametrize("name", ["host", "date", "digest", "signature"])
def test_a_header_that_may_come_once_is_malformed_when_it_comes_twice(name: str) -> None:
    headers = cavage()
    doubled = [*headers.items(), (name.title(), headers[name])]
    with pytest.raises(SignatureMalformed):
        claim(request(doubled), now=NOW)


def test_two_ways_to_give_the_length_are_malformed() -> None:
    headers = {**cavage(), "content-length": "17", "transfer-encoding": "chunked"}
    with pytest.raises(SignatureMalformed):
        claim(request(headers), now=NOW)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("https://chapter.example/inbox", id="absolute"),
        pytest.param("*", id="asterisk"),
        pytest.param("", id="empty"),
        pytest.param(b"/inbox\xff", id="not ASCII"),
        pytest.param("/inbox\nhost: other", id="line break"),
    ],
)
def test_a_target_that_is_no_path_is_malformed(target: str | bytes) -> None:
    with pytest.raises(SignatureMalformed):
        claim(request(cavage(), target=target), now=NOW)


def test_a_covered_header_with_a_line_break_is_malformed() -> None:
    headers = cavage("(request-target) host date digest x-a", x_a="1\nx-b: 2")
    with pytest.raises(SignatureMalformed):
        claim(request(headers), now=NOW)


def test_a_target_in_bytes_is_the_same_as_in_text() -> None:
    verify(request(cavage(), target=b"/inbox"))


def test_a_query_may_be_left_out_of_the_signature_but_not_changed() -> None:
    verify(request(cavage(GET, line=GET_LINE), method="GET", target="/inbox?page=1"))
    with_query = cavage(GET, line=f"{GET_LINE}?page=1")
    verify(request(with_query, method="GET", target="/inbox?page=1"))
    with pytest.raises(SignatureInvalid):
        verify(request(with_query, method="GET", target="/inbox?page=2"))


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        ([b"Signature"], True),
        ([b"host", b"signature-input"], True),
        ([b"host", b"date"], False),
        ([], False),
    ],
)
def test_a_request_is_signed_when_it_has_a_signature_header(
    names: list[bytes], answer: bool
) -> None:
    assert is_signed([(name, b"") for name in names]) is answer


def test_our_own_time_zone_makes_no_difference() -> None:
    claim(request(cavage()), now=NOW.astimezone(timezone(timedelta(hours=5))))
    with pytest.raises(SignatureInvalid):
        claim(request(cavage()), now=NOW.replace(tzinfo=timezone(timedelta(hours=5))))
