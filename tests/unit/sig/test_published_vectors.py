from base64 import b64decode, b64encode, urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig import cavage, rfc9421
from fedi_chapter.sig.digest import check_digest
from fedi_chapter.sig.keys import read_public_pem
from fedi_chapter.sig.sign import sign
from fedi_chapter.sig.verify import Request, check, claim
from tests.unit.sig import letters, published

PATH = "/activitypub/success"
HOST = "www.example.com"
CAVAGE_GET_HEADERS = "date host (request-target)"
CAVAGE_POST_HEADERS = "host date digest (request-target)"


def verify(request: Request) -> None:
    check(claim(request, now=letters.NOW), letters.remote(letters.RSA))


def mastodon_cavage(
    signature: str, *, method: str = "GET", target: str = PATH, body: bytes = b""
) -> Request:
    names = CAVAGE_POST_HEADERS if method == "POST" else CAVAGE_GET_HEADERS
    headers = {
        "host": HOST,
        "date": published.MASTODON_DATE,
        "signature": f'keyId="{published.MASTODON_KEY_ID}",algorithm="rsa-sha256",'
        f'headers="{names}",signature="{signature}"',
    }
    if body:
        headers["digest"] = f"SHA-256={published.MASTODON_DIGEST}"
    return letters.request(
        headers, method=method, target=target, body=body, base=published.MASTODON_BASE
    )


def mastodon_rfc9421(
    signature: str, *, method: str = "GET", target: str = PATH, body: bytes = b""
) -> Request:
    covered = '"@method" "@target-uri"' + (' "content-digest"' if body else "")
    headers = {
        "host": HOST,
        "signature-input": f"sig1=({covered});created={published.MASTODON_CREATED};"
        f'keyid="{published.MASTODON_KEY_ID}"',
        "signature": f"sig1=:{signature}:",
    }
    if body:
        headers["content-digest"] = f"sha-256=:{published.MASTODON_DIGEST}:"
    return letters.request(
        headers, method=method, target=target, body=body, base=published.MASTODON_BASE
    )


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(mastodon_cavage(published.MASTODON_CAVAGE_GET), id="cavage GET"),
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_QUERY, target=f"{PATH}?foo=42"),
            id="cavage GET with a query",
        ),
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_GET, target=f"{PATH}?foo=42"),
            id="cavage GET signed without its query",
        ),
        pytest.param(
            mastodon_cavage(
                published.MASTODON_CAVAGE_POST, method="POST", body=published.MASTODON_BODY
            ),
            id="cavage POST",
        ),
        pytest.param(mastodon_rfc9421(published.MASTODON_RFC9421_GET), id="RFC 9421 GET"),
        pytest.param(
            mastodon_rfc9421(published.MASTODON_RFC9421_QUERY, target=f"{PATH}?foo=42"),
            id="RFC 9421 GET with a query",
        ),
        pytest.param(
            mastodon_rfc9421(
                published.MASTODON_RFC9421_POST, method="POST", body=published.MASTODON_BODY
            ),
            id="RFC 9421 POST",
        ),
    ],
)
def test_mastodons_published_requests_verify(request_: Request) -> None:
    verify(request_)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_QUERY, target=f"{PATH}?foo=43"),
            id="cavage GET with another query",
        ),
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_GET, target="/activitypub/alternative-path"),
            id="cavage GET of another path",
        ),
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_GET, method="POST", body=b""),
            id="cavage with another method",
        ),
        pytest.param(
            mastodon_cavage(published.MASTODON_CAVAGE_POST, method="POST", body=b"Hello world!"),
            id="cavage POST with another body",
        ),
        pytest.param(
            mastodon_rfc9421(published.MASTODON_RFC9421_QUERY, target=f"{PATH}?foo=43"),
            id="RFC 9421 GET with another query",
        ),
        pytest.param(
            mastodon_rfc9421(published.MASTODON_RFC9421_GET, target="/activitypub/other"),
            id="RFC 9421 GET of another path",
        ),
        pytest.param(
            mastodon_rfc9421(published.MASTODON_RFC9421_GET, method="POST"),
            id="RFC 9421 with another method",
        ),
        pytest.param(
            mastodon_rfc9421(published.MASTODON_RFC9421_POST, method="POST", body=b"Hello world!"),
            id="RFC 9421 POST with another body",
        ),
    ],
)
def test_mastodons_tampered_requests_fail(request_: Request) -> None:
    with pytest.raises(SignatureInvalid):
        verify(request_)


def test_mastodons_malformed_content_digest_is_a_bad_request() -> None:
    good = mastodon_rfc9421(published.MASTODON_RFC9421_POST, method="POST", body=b"Hello world")
    shouting = tuple(
        (name, value.replace(b"sha-256=", b"SHA-256=") if name == b"content-digest" else value)
        for name, value in good.headers
    )
    with pytest.raises(SignatureMalformed):
        verify(Request("POST", PATH, shouting, good.body, good.base))


@pytest.mark.parametrize(
    ("target", "body", "signature"),
    [
        pytest.param(PATH, b"", published.MASTODON_RFC9421_GET, id="GET"),
        pytest.param(f"{PATH}?foo=42", b"", published.MASTODON_RFC9421_QUERY, id="GET with query"),
        pytest.param(PATH, b"Hello world", published.MASTODON_RFC9421_POST, id="POST"),
    ],
)
def test_our_rfc_9421_signature_is_mastodons_to_the_letter(
    target: str, body: bytes, signature: str
) -> None:
    headers = sign(
        "rfc9421",
        letters.RSA,
        method="POST" if body else "GET",
        url=published.MASTODON_BASE + target,
        at=letters.NOW,
        digest=published.MASTODON_DIGEST if body else None,
    )
    theirs = dict(mastodon_rfc9421(signature, method="POST" if body else "GET", body=body).headers)
    assert headers["Signature"] == theirs[b"signature"].decode()
    assert headers["Signature-Input"] == theirs[b"signature-input"].decode()


@pytest.mark.parametrize(
    ("names", "line", "signature"),
    [
        pytest.param(CAVAGE_GET_HEADERS, f"get {PATH}", published.MASTODON_CAVAGE_GET, id="GET"),
        pytest.param(
            CAVAGE_POST_HEADERS, f"post {PATH}", published.MASTODON_CAVAGE_POST, id="POST"
        ),
    ],
)
def test_what_we_sign_by_cavage_is_what_mastodon_signs(
    names: str, line: str, signature: str
) -> None:
    values = {
        "(request-target)": line,
        "host": HOST,
        "date": published.MASTODON_DATE,
        "digest": f"SHA-256={published.MASTODON_DIGEST}",
    }
    text = cavage.signing_string(names.split(), values).decode()
    assert letters.seal(letters.RSA.private, text) == signature


def test_the_signature_of_rfc_9421_appendix_b_2_6_is_reproduced() -> None:
    parameters = rfc9421.write_parameters(
        published.RFC9421_B26_NAMES,
        created=published.RFC9421_B26_CREATED,
        key_id="test-key-ed25519",
    )
    base = rfc9421.signature_base(
        published.RFC9421_B26_NAMES, published.RFC9421_B26_VALUES, parameters
    )
    assert letters.seal(letters.ED25519.private, base.decode()) == published.RFC9421_B26_SIGNATURE
    assert letters.remote(letters.ED25519).public == urlsafe_b64decode(
        published.RFC9421_ED25519_PUBLIC + "="
    )


@pytest.mark.parametrize(
    ("names", "signature"),
    [
        pytest.param("date", published.CAVAGE_DEFAULT, id="default test"),
        pytest.param("(request-target) host date", published.CAVAGE_BASIC, id="basic test"),
        pytest.param(
            "(request-target) host date content-type digest content-length",
            published.CAVAGE_ALL_HEADERS,
            id="all headers test",
        ),
    ],
)
def test_the_signing_strings_of_the_cavage_drafts_appendix_are_ours(
    names: str, signature: str
) -> None:
    key = load_pem_public_key(published.CAVAGE_PUBLIC_KEY.encode())
    assert isinstance(key, RSAPublicKey)
    text = cavage.signing_string(names.split(), published.CAVAGE_VALUES)
    key.verify(b64decode(signature), text, PKCS1v15(), SHA256())
    check_digest(published.CAVAGE_VALUES["digest"], published.CAVAGE_BODY)


def test_the_cavage_drafts_own_key_is_too_small_today() -> None:
    with pytest.raises(SignatureInvalid):
        read_public_pem(published.CAVAGE_PUBLIC_KEY)
    assert len(b64encode(b64decode(published.CAVAGE_BASIC))) == 172
