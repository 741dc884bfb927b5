"""Update of an actor by itself: name, picture, keys.

The embedded profile is taken, for its owner signed it with a key we knew (that is how keys
are changed without losing followers); one that can't be read, or that nobody proved, is
fetched instead.
"""

from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UpdateActor

ASKED_AGAIN = timedelta(minutes=10)
"""A profile is not fetched again for this long because of what nobody proved."""


async def prepare(deps: Deps, activity: UpdateActor, case: Case) -> bool:
    """Fetch the profile when the embedded one is of no use; tell whether there is a new one."""
    if activity.profile is not None:
        return True
    if not case.proved:
        name, now = f"profile {activity.actor}", deps.clock.now()
        if deps.fetches.is_closed(name, now):
            return False
        deps.fetches.close(name, now, ASKED_AGAIN)
    await remote_actors.refresh(deps, activity.actor, case.budget)
    return True


def apply(tx: WriteTx, activity: UpdateActor, _: Case, prepared: bool) -> Outcome:
    """Store the profile."""
    if not prepared:
        return Ignored("the profile was fetched a moment ago")
    if activity.profile is not None:
        stored.put(tx, activity.profile)
    return Done("profile renewed")
