"""These tests act in a world of several servers."""

from tests.kit.world import world

__all__ = ["world"]
