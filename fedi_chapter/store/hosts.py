"""Other servers: what they run, whether they were allowed.

Called by discovery and moderation. How deliveries to them fare is written by `deliveries`.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, select

from fedi_chapter.domain.host import ASK_AGAIN, Host
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import hosts
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

# Built once: asked for, and written, with every new follower's host.
_ONE = Prepared(select(hosts).where(hosts.c.host == bindparam("host")))
_ASKED: dict[str, Any] = {"asked_at": bindparam("asked"), "ask_again_at": bindparam("again")}
_DID_NOT_SAY = Prepared(
    insert(hosts)
    .values(host=bindparam("host"), **_ASKED)
    .on_conflict_do_update(index_elements=["host"], set_=_ASKED)
)


def get(tx: ReadTx, host: str) -> Host | None:
    """Return what is known of a host."""
    row = _ONE.first(tx, host=host)
    return None if row is None else Host(**row)


def lock(tx: WriteTx, host: str) -> Host | None:
    """Return what is known of a host, and keep others from writing it until the commit."""
    query = select(hosts).where(hosts.c.host == host).with_for_update(key_share=True)
    row = tx.conn.execute(query).mappings().first()
    return None if row is None else Host(**row)


def that_run(tx: ReadTx, software: Collection[str]) -> set[str]:
    """Return the hosts that run one of these."""
    found = select(hosts.c.host).where(hosts.c.software.in_(sorted(software)))
    return set(tx.conn.execute(found).scalars())


def learned(tx: WriteTx, host: str, software: str, version: str | None, takes_events: bool) -> None:
    """Remember what a host answered just now."""
    _put(
        tx,
        host,
        software=software,
        version=version,
        takes_events=takes_events,
        asked_at=tx.now,
        ask_again_at=tx.now + ASK_AGAIN,
    )


def did_not_say(tx: WriteTx, known: Host) -> None:
    """Remember that a host was asked what it runs, and gave no answer."""
    _DID_NOT_SAY.run(tx, host=known.host, asked=tx.now, again=tx.now + known.next_wait)


def set_form(tx: WriteTx, host: str, *, takes_events: bool) -> None:
    """Remember in which form a host gets events."""
    _put(tx, host, takes_events=takes_events)


def ask_due(tx: ReadTx, host: str) -> bool:
    """Tell whether a host is to be asked what it runs."""
    known = get(tx, host)
    return known is None or known.ask_again_at is None or known.ask_again_at <= tx.now


def allow(tx: WriteTx, host: str) -> None:
    """Let a host in where new ones are held or need a place on the list."""
    _put(tx, host, allowed_at=tx.now)


def is_allowed(tx: ReadTx, host: str) -> bool:
    """Tell whether an organizer said yes to a host."""
    known = get(tx, host)
    return known is not None and known.allowed_at is not None


def _put(tx: WriteTx, host: str, **news: object) -> None:
    tx.conn.execute(
        insert(hosts)
        .values(host=host, **news)
        .on_conflict_do_update(index_elements=["host"], set_=news)
    )
