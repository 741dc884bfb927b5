"""Complaints that other servers forwarded to us; an organizer reads them."""

import hashlib
from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from fedi_chapter.domain.conversation import Report
from fedi_chapter.store.tables import remote_actors, reports
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def put(tx: WriteTx, report: Report) -> bool:
    """Keep a report; False when the same host reported the same objects before (ABU-07)."""
    added = tx.conn.execute(
        insert(reports)
        .values(
            id=report.id,
            reporter=report.reporter,
            objects=report.objects,
            comment=report.comment,
            at=report.at,
            fingerprint=_fingerprint(report),
        )
        .on_conflict_do_nothing(index_elements=["fingerprint"])
    )
    return added.rowcount > 0


def listing(tx: ReadTx, limit: int | None = None) -> list[Report]:
    """Return the reports that are still open, the oldest first."""
    are_open = select(reports).where(reports.c.closed_at.is_(None))
    rows = tx.conn.execute(are_open.order_by(reports.c.at, reports.c.id).limit(limit))
    return [Report(row.id, row.reporter, tuple(row.objects), row.comment, row.at) for row in rows]


def waiting_of_host(tx: ReadTx, host: str, *, limit: int) -> int:
    """Return how many open reports came from one host, counted up to a limit."""
    theirs = (
        select(reports.c.id)
        .join(remote_actors, remote_actors.c.uri == reports.c.reporter)
        .where(reports.c.closed_at.is_(None), remote_actors.c.host == host)
        .limit(limit)
    )
    return tx.conn.execute(select(func.count()).select_from(theirs.subquery())).scalar_one()


def close(tx: WriteTx, report_id: str) -> bool:
    """Mark an open report as dealt with; False when there is none."""
    closed = tx.conn.execute(
        update(reports)
        .where(reports.c.id == report_id, reports.c.closed_at.is_(None))
        .values(closed_at=tx.now)
    )
    return closed.rowcount > 0


def _fingerprint(report: Report) -> str:
    host = urlsplit(report.reporter).netloc.lower()
    text = "\n".join([host, *sorted(set(report.objects))])
    return hashlib.sha256(text.encode()).hexdigest()
