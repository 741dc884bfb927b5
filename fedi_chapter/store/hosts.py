"""Other servers: what they run, whether they were allowed.

Called by discovery and moderation. How deliveries to them fare is written by `deliveries`.
"""

from sqlalchemy import bindparam, select

from fedi_chapter.domain.host import ASK_AGAIN, Host
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import hosts
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

# Built once: it is asked for every Follow.
_ONE = Prepared(select(hosts).where(hosts.c.host == bindparam("host")))


def get(tx: ReadTx, host: str) -> Host | None:
    """Return what is known of a host."""
    row = _ONE.first(tx, host=host)
    return None if row is None else Host(**row)


def learned(
    tx: WriteTx, host: str, software: str | None, version: str | None, takes_events: bool
) -> None:
    """Remember what a host answered just now; software None when it did not say."""
    news = {
        "software": software,
        "version": version,
        "takes_events": takes_events,
        "asked_at": tx.now,
    }
    tx.conn.execute(
        insert(hosts)
        .values(host=host, **news)
        .on_conflict_do_update(index_elements=["host"], set_=news)
    )


def ask_due(tx: ReadTx, host: str) -> bool:
    """Tell whether a host was never asked what it is, or more than a week ago."""
    known = get(tx, host)
    return known is None or known.asked_at is None or tx.now - known.asked_at > ASK_AGAIN


def allow(tx: WriteTx, host: str) -> None:
    """Let a host in where new ones are held or need a place on the list."""
    tx.conn.execute(
        insert(hosts)
        .values(host=host, allowed_at=tx.now)
        .on_conflict_do_update(index_elements=["host"], set_={"allowed_at": tx.now})
    )


def is_allowed(tx: ReadTx, host: str) -> bool:
    """Tell whether an organizer said yes to a host."""
    known = get(tx, host)
    return known is not None and known.allowed_at is not None
