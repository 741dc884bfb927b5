import stat
from base64 import urlsafe_b64encode
from pathlib import Path
from time import process_time

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from fedi_chapter.core.errors import OperatorError, SignatureInvalid
from fedi_chapter.sig.keys import (
    KeyRing,
    load_public,
    make_ed25519,
    make_master_key,
    make_rsa,
    multibase,
    public_pem,
    read_master_key,
    read_multikey,
    read_public_pem,
)
from fedi_chapter.sig.multikey import Kind
from tests.unit.sig import letters, published
from tests.unit.sig.letters import ED25519, RSA

PRIME = 2**255 - 19
RSA_PEM = public_pem(RSA.private)
RSA_DER = RSA.private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
ED25519_RAW = letters.remote(ED25519).public
EC = ec.generate_private_key(ec.SECP256R1())


def rsa_pem(bits: int, exponent: int = 65537) -> str:
    """Return a public key of any size and exponent; nobody has the private half."""
    modulus = (1 << (bits - 1)) | 12345679
    numbers = RSAPublicNumbers(exponent, modulus)
    try:
        key = numbers.public_key()
    except ValueError:  # the library refuses to make it, so spell it out
        return hand_made_pem(modulus, exponent)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def hand_made_pem(modulus: int, exponent: int) -> str:
    def tlv(tag: int, body: bytes) -> bytes:
        size = len(body)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
        return bytes([tag]) + length + body

    def integer(number: int) -> bytes:
        return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))

    der = tlv(0x30, integer(modulus) + integer(exponent))
    text = urlsafe_b64encode(der).decode().replace("-", "+").replace("_", "/")
    return f"-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n"


def pem_of(key: ec.EllipticCurvePublicKey | dsa.DSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_public_key_in_pem_is_read() -> None:
    assert read_public_pem(RSA_PEM) == RSA_PEM.encode()


def test_every_spelling_of_a_key_becomes_the_same() -> None:
    pkcs1 = RSA.private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    for spelling in (pkcs1, RSA_PEM.strip(), f"\n{RSA_PEM}\n", RSA_PEM.replace("\n", "\r\n")):
        assert read_public_pem(spelling) == RSA_PEM.encode()


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("exponent", [3, 17, 65537, 2**32 - 1])
def test_rsa_keys_of_a_good_size_and_exponent_are_taken(bits: int, exponent: int) -> None:
    assert read_public_pem(rsa_pem(bits, exponent)).startswith(b"-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize(
    ("case", "pem"),
    [
        ("512 bits", rsa_pem(512)),
        ("1024 bits", published.CAVAGE_PUBLIC_KEY),
        ("2047 bits", rsa_pem(2047)),
        ("4097 bits", rsa_pem(4097)),
        ("8192 bits", rsa_pem(8192)),
        ("16384 bits", rsa_pem(16384)),
        ("exponent 1", rsa_pem(2048, 1)),
        ("exponent even", rsa_pem(2048, 65536)),
        ("exponent above 2^32", rsa_pem(2048, 2**32 + 1)),
        ("exponent huge", rsa_pem(2048, 2**2000 + 1)),
        ("EC", pem_of(EC.public_key())),
        ("Ed25519", public_pem(ED25519.private)),
        ("private key", published.MASTODON_KEY),
        (
            "private EC key",
            EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        ),
        ("private key behind a public one", RSA_PEM + published.MASTODON_KEY),
        ("certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("1 MB", "-----BEGIN PUBLIC KEY-----\n" + "A" * 1_000_000),
        ("empty", ""),
        ("text", "no key"),
        ("lone surrogate", RSA_PEM + "\ud800"),
        ("garbage in the block", RSA_PEM.replace("MII", "AAA", 1)),
    ],
)
def test_any_other_pem_is_refused_at_once(case: str, pem: str) -> None:
    started = process_time()
    with pytest.raises(SignatureInvalid):
        read_public_pem(pem)
    assert process_time() - started < 0.25  # milliseconds; shared machines stumble


def test_dsa_keys_are_refused() -> None:
    numbers = dsa.DSAParameterNumbers((1 << 2047) | 1, (1 << 255) | 1, 2)
    key = dsa.DSAPublicNumbers(4, numbers).public_key()
    with pytest.raises(SignatureInvalid):
        read_public_pem(pem_of(key))


# -- multikeys -----------------------------------------------------------------------------


def base64url(data: bytes) -> str:
    return "u" + urlsafe_b64encode(data).decode().rstrip("=")


def test_a_multikey_comes_back_as_it_was_written() -> None:
    assert multibase(ED25519.private).startswith("z6Mk")
    assert read_multikey(multibase(ED25519.private)) == ("ed25519", ED25519_RAW)
    assert read_multikey(multibase(RSA.private)) == ("rsa", RSA_PEM.encode())


def test_a_multikey_in_base64url_is_read() -> None:
    assert read_multikey(base64url(b"\xed\x01" + ED25519_RAW)) == ("ed25519", ED25519_RAW)
    assert read_multikey(base64url(b"\x85\x24" + RSA_DER)) == ("rsa", RSA_PEM.encode())


SMALL_ORDER_Y = [
    0,
    1,
    PRIME - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    PRIME - 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    PRIME,
    PRIME + 1,
]


@pytest.mark.parametrize("y", SMALL_ORDER_Y)
@pytest.mark.parametrize("sign", [0, 1])
def test_points_of_small_order_are_refused(y: int, sign: int) -> None:
    raw = (y | sign << 255).to_bytes(32, "little")
    with pytest.raises(SignatureInvalid):
        read_multikey(base64url(b"\xed\x01" + raw))


def test_the_listed_points_really_are_of_small_order() -> None:
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    eighth = SMALL_ORDER_Y[3]
    # Of order eight are those whose double has y = 0, that is x² = -y² on the curve.
    assert (d * pow(eighth, 4, PRIME) + 2 * eighth * eighth - 1) % PRIME == 0


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("empty", ""),
        ("no base", "x"),
        ("unknown base", "f" + (b"\xed\x01" + ED25519_RAW).hex()),
        ("31 bytes", base64url(b"\xed\x01" + ED25519_RAW[1:])),
        ("33 bytes", base64url(b"\xed\x01" + ED25519_RAW + b"\x00")),
        ("no key", base64url(b"\xed\x01")),
        ("code of a private key", base64url(b"\x80\x26" + ED25519_RAW)),
        ("no code", base64url(ED25519_RAW)),
        ("only the base", "z"),
        ("not base58", "z0OIl"),
        ("leading zeros", "z111"),
        ("not base64", "u*"),
        ("impossible length of base64", "uAAAAA"),
        ("RSA of garbage", base64url(b"\x85\x24" + b"\x30\x00")),
        (
            "EC key as RSA",
            base64url(
                b"\x85\x24"
                + EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            ),
        ),
        ("1 MB of base58", "z" + "2" * 1_000_000),
        ("1 MB of base64", "u" + "A" * 1_000_000),
        ("not ASCII", "z6Mk\u00e9"),
    ],
)
def test_any_other_multikey_is_refused(case: str, text: str) -> None:
    with pytest.raises(SignatureInvalid):
        read_multikey(text)


# -- loading -------------------------------------------------------------------------------


def test_a_loaded_key_is_remembered() -> None:
    assert load_public("rsa", RSA_PEM.encode()) is load_public("rsa", RSA_PEM.encode())


@pytest.mark.parametrize(
    ("kind", "public"),
    [
        ("rsa", b"no key"),
        ("rsa", published.CAVAGE_PUBLIC_KEY.encode()),
        ("rsa", public_pem(ED25519.private).encode()),
        ("ed25519", b"short"),
        ("ed25519", bytes(32)),
    ],
)
def test_a_stored_key_is_judged_again_before_it_is_used(kind: Kind, public: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        load_public(kind, public)


# -- our own -------------------------------------------------------------------------------


@pytest.fixture
def master_file(tmp_path: Path) -> Path:
    return tmp_path / "secret.key"


def test_made_keys_are_of_the_kinds_we_publish() -> None:
    assert make_rsa().key_size == 2048
    assert multibase(make_ed25519()).startswith("z6Mk")


def test_a_sealed_key_opens_with_the_same_master_key(master_file: Path) -> None:
    ring = KeyRing(make_master_key(master_file))
    sealed = ring.seal(RSA.private)
    assert b"PRIVATE" not in sealed
    opened = KeyRing(read_master_key(master_file)).unseal("https://a.example#k", "rsa", sealed)
    assert (opened.id, opened.kind) == ("https://a.example#k", "rsa")
    assert public_pem(opened.private) == RSA_PEM


def test_an_opened_key_is_remembered(master_file: Path) -> None:
    ring = KeyRing(make_master_key(master_file))
    sealed = ring.seal(ED25519.private)
    first = ring.unseal("https://a.example#k", "ed25519", sealed)
    assert ring.unseal("https://a.example#k", "ed25519", sealed) is first


def test_a_key_sealed_with_another_master_key_names_the_cure(tmp_path: Path) -> None:
    sealed = KeyRing(make_master_key(tmp_path / "a")).seal(ED25519.private)
    other = KeyRing(make_master_key(tmp_path / "b"))
    with pytest.raises(OperatorError) as refused:
        other.unseal("https://a.example#k", "ed25519", sealed)
    assert refused.value.cure


def test_a_sealed_key_of_another_kind_than_listed_is_refused(master_file: Path) -> None:
    ring = KeyRing(make_master_key(master_file))
    with pytest.raises(OperatorError):
        ring.unseal("https://a.example#k", "rsa", ring.seal(ED25519.private))


def test_the_master_key_is_readable_by_its_owner_only(master_file: Path) -> None:
    master = make_master_key(master_file)
    assert stat.S_IMODE(master_file.stat().st_mode) == 0o600
    assert read_master_key(master_file) == master


def test_a_master_key_is_never_overwritten(master_file: Path) -> None:
    master = make_master_key(master_file)
    with pytest.raises(OperatorError) as refused:
        make_master_key(master_file)
    assert refused.value.cure
    assert read_master_key(master_file) == master


def test_a_master_key_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(OperatorError):
        make_master_key(tmp_path / "nowhere" / "secret.key")


def test_a_missing_master_key_names_the_cure(master_file: Path) -> None:
    with pytest.raises(OperatorError) as refused:
        read_master_key(master_file)
    assert refused.value.cure


def test_a_file_that_is_no_master_key_names_the_cure(master_file: Path) -> None:
    master_file.write_bytes(b"not a key")
    with pytest.raises(OperatorError) as refused:
        read_master_key(master_file)
    assert refused.value.cure
