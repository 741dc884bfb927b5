"""These tests connect to loopback servers through the guarded clients."""

from tests.kit.outbound import (
    authority,
    client,
    demo_guard,
    fetcher,
    names,
    poster,
    signing_key,
    trust,
)

__all__ = [
    "authority",
    "client",
    "demo_guard",
    "fetcher",
    "names",
    "poster",
    "signing_key",
    "trust",
]
