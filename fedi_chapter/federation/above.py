"""The part of a thread that has not come yet: an answer may arrive before what it answers.

Called by `federation.dispatch` when a handler says that something is missing above a note.
"""

from fedi_chapter.core.errors import RemoteFailure
from fedi_chapter.deps import Deps
from fedi_chapter.federation import intake, objects
from fedi_chapter.federation.objects import Authored
from fedi_chapter.net.fetch import Budget
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.activities import Note

MOST = 3
"""So many notes, one above the other, are fetched for one that came."""


async def fetch(deps: Deps, uri: str, budget: Budget) -> tuple[Authored, ...]:
    """Return the public notes from `uri` upwards to what is known here, the highest first.

    Raises:
        RemoteFailure: with `retry`; one that is gone or not public ends the way upwards.

    """
    found: list[Authored] = []
    above: str | None = uri
    while above is not None and len(found) < MOST:
        try:
            authored = await objects.fetch(deps, above, budget=budget)
        except RemoteFailure as error:
            if error.retry:
                raise
            break
        if not isinstance(authored.content, Note) or not authored.content.is_public:
            break
        found.insert(0, authored)
        note = authored.content

        def missing(tx: ReadTx, note: Note = note) -> str | None:
            return intake.missing_above(tx, note, deps.urls)

        above = await deps.db.read(missing)
    return tuple(found)
