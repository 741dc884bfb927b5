"""How long it has been since this server and any other had to do with each other.

Called by `services.comeback`.
"""

from datetime import datetime

from sqlalchemy import func, select

from fedi_chapter.store.tables import hosts, inbox
from fedi_chapter.store.tx import ReadTx


def last_contact(tx: ReadTx) -> datetime | None:
    """Return when an activity last came in, or one of ours was last taken; None for never."""
    columns = (inbox.c.received_at, hosts.c.last_success_at)
    found = [tx.conn.execute(select(func.max(column))).scalar_one() for column in columns]
    return max((each for each in found if each is not None), default=None)
