"""Delete of an actor by itself: believed only when its own address confirms it (SIG-17).

A stolen key or a mistaken Delete of a live account therefore removes nobody.
"""

from datetime import timedelta

from fedi_chapter.core.errors import RemoteBusy
from fedi_chapter.deps import Deps
from fedi_chapter.federation import gone
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.gone import Found
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import DeleteActor

ASKED_AGAIN = timedelta(minutes=10)
"""An account that was there is not asked about again for this long."""
CACHED = timedelta(minutes=15)
"""How long a server's cache may show an account after its Delete."""
SILENCE = timedelta(days=30)
"""After this much of it from the server, the word of the account's own key is enough."""


async def prepare(deps: Deps, activity: DeleteActor, case: Case) -> bool:
    """Ask the actor's address whether it is gone; nothing there is proof for a signed Delete.

    Raises:
        RemoteFailure: not clear yet.

    """
    name, now = f"gone {activity.actor}", deps.clock.now()
    age = now - case.received_at
    if case.sender.gone_at:
        return False
    if deps.fetches.is_closed(name, now):
        raise RemoteBusy(f"{activity.actor} was there a moment ago, and is asked again later")
    try:
        found = await gone.look(deps, activity.actor, case.budget)
    except RemoteBusy:
        if case.proved and age > SILENCE:
            return True
        raise
    if found is Found.GONE or (found is Found.MISSING and case.proved):
        return True
    deps.fetches.close(name, now, ASKED_AGAIN)
    if case.proved and age <= CACHED:  # a signed one has us look again after a while
        raise RemoteBusy(f"{activity.actor} was there a moment ago")
    return False


def apply(tx: WriteTx, activity: DeleteActor, _: Case, prepared: bool) -> Outcome:
    """Remove every trace of the actor."""
    if not prepared:
        return Ignored("the account is alive, or was not confirmed to be gone")
    forget_person(tx, activity.actor, is_gone=True)
    stored.mark_gone(tx, activity.actor)
    return Done("account removed")
