"""What a newer word makes worthless: of the totals of a poll only the last are kept.

Called by the fan-out right after new totals were queued. Without it a lively poll would leave
thousands of rows behind, and a host that was away would be told every total there ever was.
"""

from sqlalchemy import bindparam, delete, select

from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.store.tables import activities, deliveries
from fedi_chapter.store.tx import WriteTx

_ABOUT = bindparam("about", type_=activities.c.object_uri.type)
_LAST = (
    select(activities.c.id)
    .where(activities.c.uri == bindparam("last", type_=activities.c.uri.type))
    .scalar_subquery()
)
_EARLIER = (
    activities.c.object_uri == _ABOUT,
    activities.c.uri.startswith(bindparam("prefix", type_=activities.c.uri.type)),
    activities.c.id < _LAST,
)
_TOLD_AGAIN = select(deliveries.c.inbox).where(deliveries.c.activity_id == _LAST)
_DROP_DELIVERIES = delete(deliveries).where(
    deliveries.c.object_uri == _ABOUT,
    deliveries.c.state != DeliveryState.IN_FLIGHT,
    deliveries.c.activity_id.in_(select(activities.c.id).where(*_EARLIER)),
    # Who is not told this time stays in the ledger: a later Delete must reach them.
    deliveries.c.inbox.in_(_TOLD_AGAIN),
)
_DROP_ACTIVITIES = delete(activities).where(
    *_EARLIER,
    activities.c.id.not_in(
        select(deliveries.c.activity_id).where(deliveries.c.object_uri == _ABOUT)
    ),
)


def drop_earlier(tx: WriteTx, about: str, *, prefix: str, last: str) -> None:
    """Forget the activities about an object whose ids begin with `prefix`, but for the `last`."""
    values = {"about": about, "prefix": prefix, "last": last}
    tx.conn.execute(_DROP_DELIVERIES, values)
    tx.conn.execute(_DROP_ACTIVITIES, values)
