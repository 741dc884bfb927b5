"""Vote: an RSVP by the poll that is the face of an event (mastodon.md §4.2).

Mastodon, GoToSocial and Misskey send one Create for each option chosen. Of several votes of
one person the last counts; one that can't count is answered by a direct message.
"""

from html import unescape

from fedi_chapter.domain.rsvp import Answer, Route
from fedi_chapter.federation import answers
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Vote

OPTIONS = (Answer.GOING, Answer.MAYBE, Answer.NO)
"""What the options of an event's poll mean, in their order."""


def apply(tx: WriteTx, activity: Vote, case: Case) -> Outcome:
    """Take the answer whose name is the option's, to the letter, or as HTML."""
    named = case.urls.own_object(activity.question)
    event = answers.event_at(tx, case.urls, activity.question, case.sender)
    if event is None or named is None or named.kind != "face":
        return Ignored("a vote on no poll of ours")
    meanings = dict(zip(event.poll, OPTIONS, strict=False))
    meaning = meanings.get(activity.option) or meanings.get(unescape(activity.option))
    if meaning is None:
        return Ignored("a vote for an option the poll does not have")
    return answers.respond(
        tx, event, case.sender, answers.said(activity, case, meaning, Route.POLL)
    )
