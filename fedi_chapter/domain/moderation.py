"""Whom we do not deal with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class FederationMode(StrEnum):
    """Whom this server deals with at all (setting FEDERATION)."""

    OPEN = "open"
    HOLD = "hold"
    ALLOWLIST = "allowlist"


@dataclass(frozen=True, slots=True)
class Block:
    """A host (with all its subdomains) or an actor we refuse."""

    target: str
    kind: Literal["host", "actor"]
    since: datetime


def host_and_parents(host: str) -> tuple[str, ...]:
    """Return `host` without port and trailing dot, and every parent domain of it."""
    name, bracket, _ = host.lower().partition("]")
    name = f"{name}{bracket}" if bracket else name.partition(":")[0].rstrip(".")
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))
