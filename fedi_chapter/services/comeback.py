"""Coming back after a long silence: a word to everyone who may have given this server up.

Called by the clock (`workers.schedule`) when a process starts.
"""

from datetime import timedelta

from fedi_chapter.domain.happening import ActorChanged
from fedi_chapter.store import local_actors, outbox, silence
from fedi_chapter.store.tx import WriteTx

LONG = timedelta(days=7)
"""Mastodon sends nothing more to a server it could not reach on so many days."""


def announce(tx: WriteTx) -> bool:
    """Tell our profiles anew when nothing came in or went out for a long time.

    Any signed activity that Mastodon takes clears the mark of failure it put on this server
    (mastodon.md §9 item 54). One too many is harmless. Returns whether they are told.
    """
    last = silence.last_contact(tx)
    if last is None or tx.now - last < LONG:
        return False
    for actor in local_actors.everyone(tx):
        outbox.put(tx, ActorChanged(actor.id))
    return True
