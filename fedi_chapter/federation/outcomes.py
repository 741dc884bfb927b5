"""How attempts to deliver ended, written down; and what is said in another form when refused.

Called by the delivery loop, within its transaction.
"""

from collections.abc import Sequence

from fedi_chapter.domain.delivery import DeliveryState, Outcome
from fedi_chapter.domain.happening import FollowWithdrawn
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import activities, deliveries, outbox
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.shape import id_of, mapping, parse

_GONE = frozenset({404, 410})


def record(tx: WriteTx, outcomes: Sequence[Outcome], urls: Urls) -> None:
    """Write down how a batch ended; an Undo of a Follow that was refused is said by id as well."""
    deliveries.finish(tx, outcomes)
    refused = [each.id for each in outcomes if _is_refused(each)]
    for undo in activities.undos_among(tx, refused) if refused else ():
        follow = mapping(parse(undo.body).get("object"))
        follow_id, target = urls.own_follow(str(follow.get("id"))), id_of(follow.get("object"))
        if follow_id and target:
            outbox.put(tx, FollowWithdrawn(undo.actor_id, follow_id, target, by_id=True))


def _is_refused(outcome: Outcome) -> bool:
    """Tell whether a living inbox did not want what was said."""
    status = outcome.status or 0
    is_final = outcome.state is DeliveryState.FAILED
    return is_final and 400 <= status < 500 and status not in _GONE
