"""A throw-away certificate authority, and a certificate for every address of the sink."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

CA = "ca.pem"


def make_contexts(folder: Path, where: Sequence[str]) -> list[ssl.SSLContext]:
    """Return a server's TLS context for each address; the authority's certificate is `CA`."""
    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("benchmark authority", root, root, None)
    (folder / CA).write_bytes(authority.public_bytes(Encoding.PEM))
    secret = leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    contexts, both = [], folder / "leaf.pem"
    for address in where:
        own = _certificate(address, leaf, root, address)
        both.write_bytes(secret + own.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        contexts.append(context)
    return contexts


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, root: ec.EllipticCurvePrivateKey, ip: str | None
) -> x509.Certificate:
    now = datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ip is None, path_length=None), critical=True)
    )
    if ip is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(ip))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(root, hashes.SHA256())
