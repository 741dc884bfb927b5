import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ED25519 as THEIR_ED25519
from http_message_signatures.algorithms import RSA_V1_5_SHA256

from fedi_chapter.core.errors import UnsafeAddress
from fedi_chapter.sig.digest import sha256_base64
from fedi_chapter.sig.keys import SigningKey, public_pem
from fedi_chapter.sig.sign import Scheme, sign
from fedi_chapter.sig.verify import check, claim
from tests.unit.sig import letters, published
from tests.unit.sig.letters import BASE, BODY, ED25519, NOW, RSA, digest_of, request

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library announces its own future at import
    from apsig.draft import Verifier

INBOX = f"{BASE}/inbox"
SCHEMES: tuple[Scheme, ...] = ("cavage", "rfc9421")
ALGORITHMS = {"rsa": RSA_V1_5_SHA256, "ed25519": THEIR_ED25519}


def post(
    scheme: Scheme, key: SigningKey = RSA, *, url: str = INBOX, at: datetime = NOW
) -> dict[str, str]:
    return sign(scheme, key, method="POST", url=url, at=at, digest=digest_of(BODY))


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("target", ["/inbox", "/inbox?a=1&b=%C3%A9", "/"])
def test_what_we_sign_we_verify(scheme: Scheme, key: SigningKey, target: str) -> None:
    url = BASE + target
    received = request(post(scheme, key, url=url), target=target)
    check(claim(received, now=NOW), letters.remote(key))
    headers = sign(scheme, key, method="GET", url=url, at=NOW)
    received = request(headers, method="GET", target=target)
    check(claim(received, now=NOW), letters.remote(key))


def test_a_cavage_post_covers_what_every_peer_asks_for() -> None:
    headers = post("cavage")
    assert headers.keys() == {"Host", "Date", "Digest", "Content-Type", "Signature"}
    assert headers["Host"] == "chapter.example"
    assert headers["Date"] == "Wed, 20 Dec 2023 10:00:00 GMT"
    assert headers["Digest"] == f"SHA-256={digest_of(BODY)}"
    assert headers["Content-Type"] == "application/activity+json"
    assert headers["Signature"].startswith(
        f'keyId="{RSA.id}",algorithm="rsa-sha256",'
        'headers="(request-target) host date digest",signature="'
    )


def test_a_cavage_get_covers_target_host_and_date() -> None:
    headers = sign("cavage", RSA, method="GET", url=INBOX, at=NOW)
    assert headers.keys() == {"Host", "Date", "Signature"}
    assert 'headers="(request-target) host date"' in headers["Signature"]


def test_an_rfc_9421_post_covers_what_mastodon_asks_for() -> None:
    headers = post("rfc9421")
    assert headers.keys() == {
        *("Host", "Date", "Content-Digest", "Content-Type", "Signature-Input", "Signature")
    }
    assert headers["Content-Digest"] == f"sha-256=:{digest_of(BODY)}:"
    assert headers["Signature-Input"] == (
        'sig1=("@method" "@target-uri" "content-digest")'
        f';created={letters.SECONDS};keyid="{RSA.id}"'
    )


def test_the_two_schemes_never_stand_on_one_request() -> None:
    assert "Signature-Input" not in post("cavage")
    assert "Digest" not in post("rfc9421")
    assert "keyId" not in post("rfc9421")["Signature"]


def test_the_date_is_in_gmt_wherever_we_are() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert post("cavage", at=elsewhere) == post("cavage")
    assert post("rfc9421", at=elsewhere) == post("rfc9421")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Peer.example:443/inbox", "peer.example"),
        ("http://peer.example:80/inbox", "peer.example"),
        ("https://peer.example:8443/inbox", "peer.example:8443"),
        ("http://127.0.0.1:18101/inbox", "127.0.0.1:18101"),
        ("http://[::1]:18101/inbox", "[::1]:18101"),
        ("HTTPS://peer.example#main", "peer.example"),
    ],
)
def test_the_host_header_is_what_a_client_sends(url: str, host: str) -> None:
    assert post("cavage", url=url)["Host"] == host


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https:///inbox", "https://u:p@a.example/", "inbox", "https://a b/"]
)
def test_what_is_no_web_address_is_not_signed_for(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        post("cavage", url=url)


def test_a_post_without_a_digest_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="digest"):
        sign("cavage", RSA, method="POST", url=INBOX, at=NOW)


def test_the_digest_is_the_sha_256_of_the_body() -> None:
    assert sha256_base64(published.MASTODON_BODY) == published.MASTODON_DIGEST


def test_signing_in_threads_gives_the_same_signatures() -> None:
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: post("cavage")["Signature"], range(20))) == {
            post("cavage")["Signature"]
        }


# -- what other implementations say of it --------------------------------------------------


class Keys(HTTPSignatureKeyResolver):
    """Knows one pair, under every id."""

    def __init__(self, private: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self.private = private

    def resolve_private_key(self, key_id: str) -> RSAPrivateKey | Ed25519PrivateKey:
        return self.private

    def resolve_public_key(self, key_id: str) -> Any:
        return self.private.public_key()


def message(headers: dict[str, str], method: str, url: str) -> Any:
    return SimpleNamespace(method=method, url=url, headers=headers)


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_message_signatures_verifies_our_rfc_9421(key: SigningKey, method: str) -> None:
    url = f"{BASE}/inbox?a=1"
    at = datetime.now(UTC)
    digest = digest_of(BODY) if method == "POST" else None
    headers = sign("rfc9421", key, method=method, url=url, at=at, digest=digest)
    verifier = HTTPMessageVerifier(
        signature_algorithm=ALGORITHMS[key.kind], key_resolver=Keys(key.private)
    )
    results = verifier.verify(message(headers, method, url), max_age=timedelta(hours=1))
    assert [result.label for result in results] == ["sig1"]


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
@pytest.mark.parametrize("with_alg", [True, False])
def test_we_verify_what_http_message_signatures_signs(key: SigningKey, with_alg: bool) -> None:
    headers = {"Host": "chapter.example"}
    signer = HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[key.kind], key_resolver=Keys(key.private)
    )
    signer.sign(
        message(headers, "POST", INBOX),
        key_id=key.id,
        created=NOW,
        include_alg=with_alg,
        covered_component_ids=("@method", "@target-uri", "@authority", "host"),
        body=BODY,
    )
    check(claim(request(headers), now=NOW), letters.remote(key))


def test_apsig_verifies_our_cavage() -> None:
    headers = post("cavage", at=datetime.now(UTC))
    verifier = Verifier(public_pem(RSA.private), "POST", INBOX, headers, BODY)
    assert verifier.verify(raise_on_fail=True) == RSA.id
