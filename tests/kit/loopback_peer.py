"""A small server of people on loopback, for chapters that run as real processes.

It shows its people, signs what they say, and remembers what it was sent. Threads, not a loop:
a test talks to it while it waits for something else.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.kit.peers.signatures import pem_of, signed_post
from tests.kit.processes import Chapter

AS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
PATIENCE = 20.0


@dataclass
class LoopbackPeer:
    """The server and what it was sent."""

    key: RSAPrivateKey
    port: int = 0
    received: list[dict[str, Any]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """The types of those who are no persons, by name."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def person(self, name: str) -> str:
        return f"{self.base}/users/{name}"

    def document(self, path: str) -> dict[str, Any]:
        """Return the person at a path; everybody one asks for lives here."""
        uri = f"{self.base}{path}"
        return {
            "@context": [AS, SECURITY],
            "id": uri,
            "type": self.kinds.get(path.rpartition("/")[2], "Person"),
            "preferredUsername": path.rpartition("/")[2],
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "endpoints": {"sharedInbox": f"{self.base}/inbox"},
            "publicKey": {
                "id": f"{uri}#main-key",
                "owner": uri,
                "publicKeyPem": pem_of(self.key),
            },
        }

    def follow(self, chapter: Chapter, name: str, *, padding: int = 0) -> httpx.Response:
        """Let somebody ask to follow; `padding` more bytes make it long."""
        actor = self.person(name)
        return self.say(
            chapter,
            {
                "@context": AS,
                "id": f"{actor}#follow",
                "type": "Follow",
                "actor": actor,
                "object": chapter.actor,
                "summary": "x" * padding,
            },
        )

    def say(
        self, chapter: Chapter, activity: dict[str, Any], *, at: datetime | None = None
    ) -> httpx.Response:
        """POST what somebody says to the chapter's shared inbox, signed, and return the answer.

        It is signed as of `at`, by default now.
        """
        body, inbox = json.dumps(activity).encode(), f"{chapter.base}/inbox"
        key_id = f"{activity['actor']}#main-key"
        headers = signed_post(self.key, key_id, inbox, body, at or datetime.now(UTC))
        return httpx.post(
            inbox,
            content=body,
            headers=headers,
            verify=chapter.authority.trusted,
            trust_env=False,
            timeout=PATIENCE,
        )

    def heard(self, kind: str) -> list[str]:
        """Return the ids of all activities of a type, in the order they came."""
        return [each["id"] for each in list(self.received) if each["type"] == kind]


@contextmanager
def loopback_peer(key: RSAPrivateKey) -> Iterator[LoopbackPeer]:
    """Open a peer at a free port of loopback, until the end of the block."""
    peer = LoopbackPeer(key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            if self.path.startswith("/users/"):
                self.answer(200, json.dumps(peer.document(self.path)).encode())
            else:
                self.answer(404, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            peer.received.append(json.loads(body))
            self.answer(202, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/activity+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the test looks at `received`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
