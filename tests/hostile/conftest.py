"""These tests act in a world of several servers, or meet one bad server alone."""

from tests.kit.outbound import authority, demo_guard, fetcher, names, signing_key, trust
from tests.kit.world import world

__all__ = ["authority", "demo_guard", "fetcher", "names", "signing_key", "trust", "world"]
