"""Real processes on loopback: chapters as their operators start them, and a Fedify member.

Used by the interop suite and the crash tests. Every process is ended by its own handle.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import fedi_chapter
from tests.kit.patience import PATIENCE

MEMBER = Path(fedi_chapter.__file__).parent / "demo_member"


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(check: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Ask `check` until it gives something true, and return that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {seconds:.0f} s in vain for {what}")


@dataclass(frozen=True)
class Authority:
    """A throw-away certificate authority for `localhost`."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)

    @property
    def cert(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"


def make_authority(folder: Path) -> Authority:
    """Make an authority and one certificate for localhost, valid for a day."""
    now = datetime.now(UTC)
    ca_key, leaf_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])

    def builder(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    ca = (
        builder(ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, True, True, False, False), True
        )
        .sign(ca_key, hashes.SHA256())
    )
    leaf = (
        builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), leaf_key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False
        )
        .sign(ca_key, hashes.SHA256())
    )
    authority = Authority(folder)
    pem = serialization.Encoding.PEM
    authority.ca.write_bytes(ca.public_bytes(pem))
    authority.cert.write_bytes(leaf.public_bytes(pem))
    authority.key.write_bytes(
        leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return authority


@dataclass
class Chapter:
    """One chapter: its data folder, its address, and its server process while it runs."""

    name: str
    handle: str
    data: Path
    port: int
    authority: Authority
    settings: dict[str, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def address(self) -> str:
        return f"@{self.handle}@localhost:{self.port}"

    @property
    def actor(self) -> str:
        return f"{self.base}/chapter"

    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if "FEDI_CHAPTER" not in name},
            "FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK": "1",
            "FEDI_CHAPTER_EXTRA_CA_FILE": str(self.authority.ca),
            "FEDI_CHAPTER_LOG_LEVEL": "warning",
            "PYTHONPATH": str(Path(fedi_chapter.__file__).parent.parent),
            **self.settings,
        }

    def run(self, *words: str) -> Any:
        """Run one command and return its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "fedi_chapter", *words, "--data", str(self.data), "--json"],
            env=self.environment(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stderr.decode()}"
        return json.loads(done.stdout)

    def found(self) -> "Chapter":
        """Make the chapter."""
        self.run(
            *("init", "--domain", "localhost", "--base-url", self.base),
            *("--handle", self.handle, "--name", self.name, "--timezone", "America/New_York"),
        )
        return self

    def start(self) -> "Chapter":
        """Start the server and wait until it says that it is ready."""
        with (self.data / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                [
                    *(sys.executable, "-m", "fedi_chapter", "run", "--data", str(self.data)),
                    *("--port", str(self.port)),
                    *("--tls-cert", str(self.authority.cert)),
                    *("--tls-key", str(self.authority.key)),
                ],
                env=self.environment(),
                stderr=log,
            )
        until(self.is_ready, f"{self.name} to be ready")
        return self

    def is_ready(self) -> bool:
        assert self.server is not None
        assert self.server.poll() is None, (self.data / "server.log").read_text()
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, sign: int = signal.SIGTERM) -> None:
        """End the server."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(sign)
            self.server.wait(timeout=PATIENCE)
        self.server = None

    def get(self, path: str, accept: str = "application/activity+json") -> httpx.Response:
        """GET from the running server."""
        url = path if path.startswith("https:") else f"{self.base}{path}"
        return httpx.get(
            url, headers={"Accept": accept}, verify=self.authority.trusted, trust_env=False
        )


def installed_member() -> Path:
    """Return a folder with the member program and its locked packages; skip where impossible."""
    return installed(MEMBER, "server.mjs")


def installed(source: Path, program: str) -> Path:
    """Return a folder with a program of `source` and its locked packages; skip where impossible."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(f"{program} needs Node and npm, and they are not installed here")
    lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "fedi-chapter" / f"{Path(program).stem}-{lock}"
    if not (folder / "node_modules" / ".package-lock.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )
    shutil.copy(source / program, folder)
    return folder


@dataclass
class Member:
    """A person on a Fedify server."""

    folder: Path
    port: int
    authority: Authority
    options: dict[str, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def address(self) -> str:
        return f"@me@localhost:{self.port}"

    @property
    def actor(self) -> str:
        return f"{self.base}/users/me"

    def start(self) -> "Member":
        """Start the member's server and wait until it listens."""
        self.server = subprocess.Popen(
            ["node", "server.mjs"],
            cwd=self.folder,
            env={
                **os.environ,
                "PORT": str(self.port),
                "ORIGIN": self.base,
                "TLS_CERT": str(self.authority.cert),
                "TLS_KEY": str(self.authority.key),
                "NODE_EXTRA_CA_CERTS": str(self.authority.ca),
                **self.options,
            },
            stderr=subprocess.DEVNULL,
        )
        until(self._answers, "the member's server")
        return self

    def _answers(self) -> bool:
        try:
            return bool(self._client("GET", "following").status_code == 200)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End the member's server."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=PATIENCE)

    def does(self, verb: str, **what: Any) -> Any:
        """Let the member do something in their app."""
        answer = self._client("POST", verb, what)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sees(self, report: str) -> Any:
        """Return what the member's server has seen: timeline, received, requests, following."""
        return self._client("GET", report).json()

    def _client(self, method: str, verb: str, body: object = None) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.base}/control/{verb}",
            json=body,
            verify=self.authority.trusted,
            trust_env=False,
            timeout=PATIENCE,
        )
