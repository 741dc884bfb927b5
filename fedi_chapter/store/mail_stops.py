"""Who wants no mail from us: fingerprints of addresses, never the addresses.

Called by the page behind every mail's way out, and by whoever is about to send one.
"""

from collections.abc import Collection

from sqlalchemy import delete, exists, select

from fedi_chapter.store.tables import mail_stops
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def put(tx: WriteTx, fingerprint: str) -> None:
    """Send no more mail to an address; a second time changes nothing."""
    row = insert(mail_stops).values(fingerprint=fingerprint, at=tx.now)
    tx.conn.execute(row.on_conflict_do_nothing())


def lift(tx: WriteTx, fingerprint: str) -> None:
    """Send mail to an address again."""
    tx.conn.execute(delete(mail_stops).where(mail_stops.c.fingerprint == fingerprint))


def among(tx: ReadTx, fingerprints: Collection[str]) -> frozenset[str]:
    """Return those of many addresses that want no mail."""
    if not fingerprints:
        return frozenset()
    found = select(mail_stops.c.fingerprint).where(mail_stops.c.fingerprint.in_(fingerprints))
    return frozenset(tx.conn.execute(found).scalars())


def is_on(tx: ReadTx, fingerprint: str) -> bool:
    """Tell whether an address wants no mail."""
    found = exists().where(mail_stops.c.fingerprint == fingerprint)
    return bool(tx.conn.execute(select(found)).scalar_one())
