"""Who follows us, and whom we follow."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fedi_chapter.domain.chapter import ActorId


class FollowState(StrEnum):
    """How far a follow has come."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Follower:
    """A remote actor who follows one of ours."""

    actor_id: ActorId
    uri: str
    handle: str
    follow_activity: str
    state: FollowState
    since: datetime


@dataclass(frozen=True, slots=True)
class Following:
    """A remote actor whom one of ours follows, or has asked to."""

    id: str
    actor_id: ActorId
    uri: str
    handle: str
    state: FollowState
    since: datetime
