"""What a handler is given besides the activity, and the shape of a handler.

Made by `federation.dispatch`, one per activity. Holds no connection and no secret.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import LONG_AGO, InboxJob
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.net.fetch import Budget
from fedi_chapter.settings import Settings
from fedi_chapter.store.tx import WriteTx


@dataclass(frozen=True, slots=True)
class Case:
    """The circumstances of one activity."""

    sender: RemoteActor
    """The activity's actor, as stored."""
    urls: Urls
    settings: Settings
    proved: bool
    """Signed by the sender itself; otherwise it is a hint that only its origin can prove."""
    budget: Budget
    """How many fetches are left for it (SSRF-14)."""
    received_at: datetime
    """When it came in; that may be long ago when its sender's server could not be asked."""
    signed_at: datetime = LONG_AGO
    """The date its request was signed with."""
    is_repeat: bool = False
    """The same was said before, to the byte: it is said anew at `signed_at`."""
    above: tuple[Authored, ...] | None = None
    """The notes above the one that came, the highest first; None while nobody asked for them."""

    @classmethod
    def of(
        cls,
        job: InboxJob,
        sender: RemoteActor,
        deps: Deps,
        budget: Budget,
        above: tuple[Authored, ...] | None = None,
    ) -> "Case":
        """Return the circumstances of a leased activity."""
        return cls(
            sender=sender,
            urls=deps.urls,
            settings=deps.settings,
            proved=job.proved,
            budget=budget,
            received_at=job.received_at,
            signed_at=job.signed_at,
            is_repeat=job.is_repeat,
            above=above,
        )


@dataclass(frozen=True, slots=True)
class Handler:
    """How one class of activities is handled.

    `prepare(deps, activity, case)` may use the network and no transaction; what it returns is
    handed to `apply(tx, activity, case, prepared)`, which may not use the network. Without
    `prepare`, `apply(tx, activity, case)`.
    """

    apply: Callable[..., Outcome]
    prepare: Callable[[Deps, Any, Case], Awaitable[Any]] | None = None

    def run(self, tx: WriteTx, activity: Any, case: Case, prepared: object) -> Outcome:
        """Apply the activity within `tx`."""
        if self.prepare is None:
            return self.apply(tx, activity, case)
        return self.apply(tx, activity, case, prepared)
