"""Sign-ins under way at other servers: each used once, by the browser that began it.

Called by `signin.flow`; swept by retention.
"""

from datetime import datetime

from sqlalchemy import delete

from fedi_chapter.domain.member import Attempt
from fedi_chapter.store.tables import sign_ins
from fedi_chapter.store.tx import WriteTx


def begin(
    tx: WriteTx, state_hash: str, browser_hash: str, attempt: Attempt, *, until: datetime
) -> None:
    """Remember a sign-in by the hashes of its state and of its browser's cookie."""
    tx.conn.execute(
        sign_ins.insert().values(
            state_hash=state_hash,
            browser_hash=browser_hash,
            issuer=attempt.issuer,
            next_path=attempt.next_path,
            expires_at=until,
        )
    )


def use(tx: WriteTx, state_hash: str, browser_hash: str) -> Attempt | None:
    """Use a sign-in up; None if this browser began none such, it is used, or too old."""
    row = tx.conn.execute(
        delete(sign_ins)
        .where(
            sign_ins.c.state_hash == state_hash,
            sign_ins.c.browser_hash == browser_hash,
            sign_ins.c.expires_at > tx.now,
        )
        .returning(sign_ins.c.issuer, sign_ins.c.next_path)
    ).one_or_none()
    return None if row is None else Attempt(row.issuer, row.next_path)


def sweep(tx: WriteTx) -> int:
    """Forget the sign-ins nobody came back from; return how many."""
    return tx.conn.execute(delete(sign_ins).where(sign_ins.c.expires_at <= tx.now)).rowcount
