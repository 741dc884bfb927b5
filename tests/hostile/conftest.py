"""These tests act in a world of several servers, or meet one bad server alone."""

from tests.kit.outbound import authority, client, demo_guard, fetcher, names, signing_key, trust
from tests.kit.world import world

__all__ = [
    "authority",
    "client",
    "demo_guard",
    "fetcher",
    "names",
    "signing_key",
    "trust",
    "world",
]
