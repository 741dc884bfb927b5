"""The people who run a chapter, and what each role may do on the organizers' pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the chapter."""

    OWNER = "owner"
    ORGANIZER = "organizer"
    GREETER = "greeter"
    MODERATOR = "moderator"


class Right(StrEnum):
    """Something that not every role may do."""

    MODERATE = "moderate"
    """Decide whose words show, who may follow, and what becomes of a report."""
    HOST = "host"
    """See who comes to an event, give seats, and tell those who come something."""
    GREET = "greet"
    """Write down at the door who came."""


MAY: Mapping[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ORGANIZER: frozenset(Right),
    Role.MODERATOR: frozenset({Right.MODERATE}),
    Role.GREETER: frozenset({Right.GREET}),
}
"""The rights of each role. Everyone who is signed in may look at the desk."""


@dataclass(frozen=True, slots=True)
class Organizer:
    """Somebody who may act for the chapter."""

    id: str
    name: str
    role: Role
    created_at: datetime

    def may(self, right: Right) -> bool:
        """Tell whether the role permits it."""
        return right in MAY[self.role]
