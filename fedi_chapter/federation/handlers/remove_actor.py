"""Delete of an actor by itself: believed only when its own address confirms it (SIG-17).

A stolen key or a mistaken Delete of a live account therefore removes nobody.
"""

from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import DeleteActor

ASKED_AGAIN = timedelta(minutes=10)
"""A Delete that was not confirmed is not asked about again for this long."""


async def prepare(deps: Deps, activity: DeleteActor, case: Case) -> bool:
    """Ask the actor's address whether it is gone."""
    name, now = f"gone {activity.actor}", deps.clock.now()
    if case.sender.gone_at or deps.fetches.is_closed(name, now):
        return False
    gone = await remote_actors.is_gone(deps, activity.actor, proved=case.proved, budget=case.budget)
    deps.fetches.close(name, now, ASKED_AGAIN)
    return gone


def apply(tx: WriteTx, activity: DeleteActor, _: Case, prepared: bool) -> Outcome:
    """Remove every trace of the actor."""
    if not prepared:
        return Ignored("the account is alive, or was not confirmed to be gone")
    forget_person(tx, activity.actor, is_gone=True)
    stored.mark_gone(tx, activity.actor)
    return Done("account removed")
