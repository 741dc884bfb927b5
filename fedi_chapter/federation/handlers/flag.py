"""Flag: a report about ours, forwarded by another server for an organizer to read (ABU-07).

The store keeps one per server and set of objects, and of a server that reports and reports only
the first; nothing happens by itself.
"""

from fedi_chapter.core.text import shorten
from fedi_chapter.domain.conversation import Report
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Held, Ignored, Outcome
from fedi_chapter.store import reports
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Flag
from fedi_chapter.vocab.shape import same_host

MOST_OBJECTS = 100
LONGEST_COMMENT = 3_000
MOST_WAITING = 100
"""So many of one host may wait for an organizer; of more no note is taken."""


def apply(tx: WriteTx, activity: Flag, case: Case) -> Outcome:
    """Keep the report with those of its objects that are ours, in a fixed order."""
    ours = sorted({uri for uri in activity.objects if same_host(uri, case.urls.base)})
    if not ours:
        return Ignored("a report about nobody here")
    if reports.waiting_of_host(tx, case.sender.host, limit=MOST_WAITING) >= MOST_WAITING:
        return Ignored("too many reports of that server wait for an organizer")
    report = Report(
        id=tx.new_id(),
        reporter=case.sender.uri,
        objects=tuple(ours[:MOST_OBJECTS]),
        comment=shorten(activity.comment, LONGEST_COMMENT),
        at=tx.now,
    )
    return Held("a report") if reports.put(tx, report) else Ignored("reported before")
