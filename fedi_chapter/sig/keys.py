"""Keys: making, sealing and reading them."""

from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the id others find its public half under."""

    id: str
    kind: Literal["rsa", "ed25519"]
    private: PrivateKey


class KeyRing:
    """Opens sealed private keys with the master key, and remembers the opened ones."""
