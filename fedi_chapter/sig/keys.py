"""Keys: making, sealing and reading them.

Called by the command line (making), `federation.signing` (opening our own) and `vocab.actors`
(judging foreign ones). Where keys are kept, and whom a foreign one belongs to, is not known here.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_public_key,
)

from fedi_chapter.core.errors import OperatorError, SignatureInvalid
from fedi_chapter.sig import multikey
from fedi_chapter.sig.multikey import Kind

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

RSA_BITS = 2048
MIN_RSA_BITS, MAX_RSA_BITS = 2048, 4096
MIN_EXPONENT, MAX_EXPONENT = 3, 2**32 - 1
MAX_PEM = 16 * 1024
KEYS_REMEMBERED = 10_000
OWN_KEYS_REMEMBERED = 1_000

FIELD_PRIME = 2**255 - 19
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = frozenset({0, 1, FIELD_PRIME - 1, _ORDER_EIGHT, FIELD_PRIME - _ORDER_EIGHT})
"""The y coordinates of the points of order 1, 2, 4 and 8: under them one signature fits all."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the id others find its public half under."""

    id: str
    kind: Kind
    private: PrivateKey


# -- making and writing --------------------------------------------------------------------


def make_rsa() -> RSAPrivateKey:
    """Make an RSA key of 2048 bits; takes some fifty milliseconds."""
    return generate_private_key(65537, RSA_BITS)


def make_ed25519() -> Ed25519PrivateKey:
    """Make an Ed25519 key."""
    return Ed25519PrivateKey.generate()


def public_pem(private: PrivateKey) -> str:
    """Return the public half as PEM (SubjectPublicKeyInfo), as `publicKeyPem` wants it."""
    return _pem(private.public_key()).decode()


def multibase(private: PrivateKey) -> str:
    """Return the public half as a Multikey's `publicKeyMultibase` (FEP-521a)."""
    public = private.public_key()
    if isinstance(public, RSAPublicKey):
        return multikey.write("rsa", public.public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return multikey.write("ed25519", public.public_bytes_raw())


# -- reading foreign ones ------------------------------------------------------------------


def read_public_pem(pem: str) -> bytes:
    """Judge an RSA public key in PEM and return it in one normal form.

    Raises:
        SignatureInvalid: it is anything else, too small or too large (security case SIG-19).

    """
    # One block only: no private key, certificate or second key travels along.
    if len(pem) > MAX_PEM or pem.count("-----BEGIN ") != 1:
        raise SignatureInvalid("the key is not one public key in PEM")
    try:
        return _pem(_judge_rsa(load_pem_public_key(pem.encode())))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid(f"the key's PEM can't be read: {error}") from error


def read_multikey(text: str) -> tuple[Kind, bytes]:
    """Judge a Multikey and return its kind and, as `RemoteKey.public` keeps it, the key.

    Raises:
        SignatureInvalid: it is anything but a good RSA or Ed25519 key (security case SIG-20).

    """
    kind, data = multikey.read(text)
    if kind == "ed25519":
        _judge_ed25519(data)
        return kind, data
    try:
        return kind, _pem(_judge_rsa(load_der_public_key(data)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid(f"the Multikey can't be read: {error}") from error


@lru_cache(maxsize=KEYS_REMEMBERED)
def load_public(kind: Kind, public: bytes) -> PublicKey:
    """Return the key in `RemoteKey.public`, judged again; what was loaded is remembered.

    Raises:
        SignatureInvalid: the bytes are not a good key of this kind.

    """
    if kind == "ed25519":
        return _judge_ed25519(public)
    try:
        return _judge_rsa(load_pem_public_key(public))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid(f"the key can't be read: {error}") from error


def _judge_rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey):
        raise SignatureInvalid("the key is not an RSA key")
    exponent = key.public_numbers().e
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise SignatureInvalid(f"an RSA key of {key.key_size} bits is not accepted")
    if exponent % 2 == 0 or not MIN_EXPONENT <= exponent <= MAX_EXPONENT:
        raise SignatureInvalid("the RSA key's exponent is not accepted")
    return key


def _judge_ed25519(raw: bytes) -> Ed25519PublicKey:
    if len(raw) != 32:
        raise SignatureInvalid("an Ed25519 key has 32 bytes")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= FIELD_PRIME or y in SMALL_ORDER:
        raise SignatureInvalid("the Ed25519 key is of small order, or spelled oddly")
    return Ed25519PublicKey.from_public_bytes(raw)


def _pem(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


# -- keeping our own -----------------------------------------------------------------------


class KeyRing:
    """Seals and opens private keys with the master key, and remembers the opened ones."""

    def __init__(self, master: bytes) -> None:
        self._box = Fernet(master)
        self._opened = lru_cache(maxsize=OWN_KEYS_REMEMBERED)(self._open)

    def seal(self, private: PrivateKey) -> bytes:
        """Return `private` encrypted, to be kept in the database."""
        return self._box.encrypt(
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )

    def unseal(self, key_id: str, kind: Kind, sealed: bytes) -> SigningKey:
        """Open what `seal` made, under the id `key_id`.

        Raises:
            OperatorError: it was sealed with another master key, or is another kind of key.

        """
        return self._opened(key_id, kind, sealed)

    def seal_text(self, text: str) -> bytes:
        """Return a secret word encrypted, such as what another server lets us in with."""
        return self._box.encrypt(text.encode())

    def unseal_text(self, whose: str, sealed: bytes) -> str:
        """Open what `seal_text` made; `whose` it is stands in the error.

        Raises:
            OperatorError: it was sealed with another master key.

        """
        try:
            return self._box.decrypt(sealed).decode()
        except InvalidToken as error:
            raise OperatorError(
                f"the secret of {whose} was not sealed with this master key",
                cure="put back the master key file that belongs to this database",
            ) from error

    def _open(self, key_id: str, kind: Kind, sealed: bytes) -> SigningKey:
        try:
            opened = self._box.decrypt(sealed)
        except InvalidToken as error:
            raise OperatorError(
                f"the private key of {key_id} was not sealed with this master key",
                cure="put back the master key file that belongs to this database",
            ) from error
        # The library's validation costs forty milliseconds and more; this key is our own, and
        # its seal was just checked.
        private = load_der_private_key(opened, None, unsafe_skip_rsa_key_validation=True)
        wanted = RSAPrivateKey if kind == "rsa" else Ed25519PrivateKey
        if not isinstance(private, wanted):
            raise OperatorError(
                f"the private key of {key_id} is not the {kind} key that it is listed as",
                cure="restore the database from a backup",
            )
        return SigningKey(key_id, kind, private)


def make_master_key(path: Path) -> bytes:
    """Make a master key, and write it to `path` for its owner alone to read.

    Raises:
        OperatorError: there is a file already, or none can be written.

    """
    master = Fernet.generate_key()
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(master + b"\n")
            file.flush()
            os.fsync(descriptor)
    except FileExistsError as error:
        raise OperatorError(
            f"there is a master key at {path} already",
            cure="keep it: whatever was sealed with it can't be opened without it",
        ) from error
    except OSError as error:
        raise OperatorError(
            f"the master key can't be written to {path}: {error.strerror}",
            cure="make the folder, writable for this user",
        ) from error
    return master


def read_master_key(path: Path) -> bytes:
    """Read the master key.

    Raises:
        OperatorError: there is none, or it is not one.

    """
    try:
        master = path.read_bytes().strip()
    except OSError as error:
        raise OperatorError(
            f"the master key at {path} can't be read: {error.strerror}",
            cure="put the file back from your backup, or let this user read it",
        ) from error
    try:
        Fernet(master)
    except ValueError as error:
        raise OperatorError(
            f"what lies at {path} is not a master key",
            cure="put the file back from your backup",
        ) from error
    return master
