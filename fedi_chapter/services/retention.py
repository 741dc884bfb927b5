"""How long what we no longer need is kept, and its sweeping out.

Called by the clock (`workers.schedule`). Who deletes something of theirs is served at once by
the handlers; here goes what merely grew old. Collect less, delete sooner.
"""

from datetime import timedelta

from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.organizers import IDLE
from fedi_chapter.store import expiry, inbox
from fedi_chapter.store.tx import WriteTx

LEDGER = timedelta(days=30)
"""How long we know an incoming activity again: far longer than anyone delivers one."""
RAW_BODIES = timedelta(days=14)
"""How long an activity we could not process is kept to be looked at."""
DELIVERIES = timedelta(days=30)
"""How long we remember who was told of a thing that is deleted."""
SIGN_IN = timedelta(days=1)
TOMBSTONES = timedelta(days=90)
"""How long we remember that others deleted something, so that a late copy stays out."""


def sweep(tx: WriteTx, urls: Urls) -> dict[str, int]:
    """Delete what is over; return how much of each kind."""
    return {
        "inbox_bodies": expiry.empty_bodies(tx, tx.now - RAW_BODIES),
        "inbox_rows": inbox.purge(tx, tx.now - LEDGER),
        "sign_in_links": expiry.sign_in(tx, tx.now - SIGN_IN),
        "sessions": expiry.idle_sessions(tx, tx.now - IDLE),
        "tombstones": expiry.foreign_tombstones(tx, tx.now - TOMBSTONES),
        "deliveries": _sweep_deliveries(tx, urls),
    }


def _sweep_deliveries(tx: WriteTx, urls: Urls) -> int:
    before = tx.now - DELIVERIES
    events, posts = expiry.deleted_things(tx, before)
    uris = [urls.post(post) for post in posts]
    for event in events:
        uris += [urls.event(event), urls.face(event)]
    return expiry.deliveries_about(tx, uris, before)
