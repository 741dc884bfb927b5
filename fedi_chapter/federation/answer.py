"""An answer to one actor: stored and queued in the transaction that decided it.

Called by handlers that owe an answer (Follow, Join, QuoteRequest). What goes to followers is
the business of `federation.publish`.
"""

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.sig.digest import sha256_base64
from fedi_chapter.store import activities, deliveries
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.shape import Document, encode, host_of


def queue(tx: WriteTx, document: Document, *, by: LocalActor, to: RemoteActor, about: str) -> None:
    """Queue `document` to the personal inbox of `to`; `about` is the id of what it answers."""
    body = encode(document)
    activity = activities.put(
        tx,
        uri=str(document["id"]),
        type=str(document["type"]),
        actor_id=by.id,
        object_uri=about,
        body=body,
        digest=sha256_base64(body),
    )
    deliveries.to_inbox(tx, activity, to.inbox, host_of(to.inbox))
