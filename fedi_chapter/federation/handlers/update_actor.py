"""Update of an actor by itself: name, picture, keys.

The embedded profile is taken, for its owner signed it with a key we knew (that is how keys
are changed without losing followers); one that can't be read is fetched instead.
"""

from fedi_chapter.deps import Deps
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Outcome
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UpdateActor


async def prepare(deps: Deps, activity: UpdateActor, case: Case) -> None:
    """Fetch the profile when the embedded one is of no use."""
    if activity.profile is None:
        await remote_actors.refresh(deps, activity.subject, case.budget)


def apply(tx: WriteTx, activity: UpdateActor, _: Case, __: None) -> Outcome:
    """Store the profile."""
    if activity.profile is not None:
        stored.put(tx, activity.profile)
    return Done("profile renewed")
