"""Move: an account has a new home, if the new one says so too (OBJ-12).

Only written down. Nobody is followed because of it: a forged or careless move of a chapter
must not lead its neighbours astray (ABU-06), and members follow again by themselves.
"""

from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import holdings
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Move

RESTS = timedelta(days=7)
"""An account moves at most once in this time."""


async def prepare(deps: Deps, activity: Move, case: Case) -> bool:
    """Ask the new account whether it was the old one, of somebody who left something here."""
    who = case.sender.uri
    if not await deps.db.read(lambda tx: holdings.is_anything_kept(tx, who)):
        return False
    target = await remote_actors.refresh(deps, activity.target, case.budget)
    return target.uri == activity.target and case.sender.uri in target.also_known_as


def apply(tx: WriteTx, activity: Move, case: Case, prepared: bool) -> Outcome:
    """Write down where the account went."""
    if not prepared:
        return Ignored("the new account does not name the old one, or nothing of it is here")
    before = stored.moved_at(tx, case.sender.uri)
    if before is not None and tx.now - before < RESTS:
        return Ignored("moved a short while ago")
    stored.mark_moved(tx, case.sender.uri, activity.target)
    return Done("moved")
