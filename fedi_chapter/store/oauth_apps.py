"""This chapter as other servers know it: registered once a server, with sealed secrets.

Called by `signin.registration`, swept by retention. Nothing here can unseal a secret.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select

from fedi_chapter.domain.member import OAuthApp
from fedi_chapter.store.tables import oauth_apps
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def get(tx: ReadTx, issuer: str) -> OAuthApp | None:
    """Return how the server at `issuer` knows us, if it does."""
    row = tx.conn.execute(select(oauth_apps).where(oauth_apps.c.issuer == issuer)).one_or_none()
    return None if row is None else OAuthApp(**row._mapping)


def put(tx: WriteTx, app: OAuthApp) -> None:
    """Remember a registration, in the place of the one before."""
    facts = asdict(app)
    added = insert(oauth_apps).values(facts)
    tx.conn.execute(added.on_conflict_do_update(index_elements=["issuer"], set_=facts))


def sweep(tx: WriteTx, *, checked_before: datetime) -> int:
    """Forget servers where nobody has signed in since an instant; return how many.

    Every sign-in an hour or more after the last one checks the registration anew.
    """
    old = oauth_apps.c.checked_at < checked_before
    return tx.conn.execute(delete(oauth_apps).where(old)).rowcount
