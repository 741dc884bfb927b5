"""QuoteRequest: what is public here may be quoted, and the consent is kept (FEP-044f)."""

from fedi_chapter.domain.conversation import QuoteAuthorization
from fedi_chapter.federation import answer, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import local_actors, quotes
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import QuoteRequest
from fedi_chapter.vocab.envelopes import accept_quote

MOST = 20
"""Quotes of one thing that one person may make."""


def apply(tx: WriteTx, activity: QuoteRequest, case: Case) -> Outcome:
    """Authorize the quote, once per quoting post, and say where the authorization is."""
    owner_id = ours.owner_at(tx, case.urls, activity.object, public_only=True)
    owner = local_actors.get(tx, owner_id) if owner_id else None
    if owner is None or activity.id is None:
        return Ignored("asks to quote nothing that is public here")
    given = quotes.by_quote(tx, activity.instrument, case.sender.uri)
    if given is None:
        if quotes.given_to(tx, case.sender.uri, activity.object, limit=MOST) >= MOST:
            return Ignored("somebody who has quoted it often enough")
        given = QuoteAuthorization(
            id=tx.new_id(),
            quote_uri=activity.instrument,
            target_uri=activity.object,
            actor_uri=case.sender.uri,
            at=tx.now,
        )
        quotes.put(tx, given)
        if quotes.by_quote(tx, activity.instrument, case.sender.uri) is None:
            return Ignored("the consent to this quote was taken back")
    elif given.target_uri != activity.object:
        return Ignored("that post was allowed to quote something else")
    document = accept_quote(
        case.urls.activity(tx.new_id()),
        case.urls.actor(owner),
        activity.document,
        case.sender.uri,
        case.urls.quote(given.id),
    )
    answer.queue(tx, document, by=owner, to=case.sender, about=activity.id)
    return Done("quote allowed")
