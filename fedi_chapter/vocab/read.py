"""The only classifier: the bytes of an activity become one of the classes of `activities`.

Called by the inbox door and by the inbox worker. It decides what an activity is, never
whether its sender may say it: that is `federation.trust`. After it no JSON travels on, but
for the requests that have to be embedded in our answer.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.vocab import read_content as content
from fedi_chapter.vocab import read_relations as relations
from fedi_chapter.vocab.activities import Activity
from fedi_chapter.vocab.received import Common, Received
from fedi_chapter.vocab.shape import Document, id_of, ids_of, instant_of, only, parse, type_of

READERS: Mapping[str, Callable[[Received], Activity]] = MappingProxyType(
    {
        "Accept": relations.read_answer,
        "Add": relations.read_add_or_remove,
        "Announce": content.read_announce,
        "Block": relations.read_block,
        "Create": content.read_create,
        "Delete": content.read_delete,
        "EmojiReact": relations.read_like,
        "Flag": relations.read_flag,
        "Follow": relations.read_follow,
        "Ignore": relations.read_ignore,
        "Invite": content.read_invite,
        "Join": relations.read_join,
        "Leave": relations.read_leave,
        "Like": relations.read_like,
        "Move": relations.read_move,
        "QuoteRequest": relations.read_quote_request,
        "Reject": relations.read_answer,
        "Remove": relations.read_add_or_remove,
        "TentativeAccept": relations.read_answer,
        "TentativeJoin": relations.read_join,
        "TentativeReject": relations.read_answer,
        "Undo": relations.read_undo,
        "Update": content.read_update,
        "sm:TentativeJoin": relations.read_join,
    }
)
"""All verbs we understand; every other one becomes Other."""


def read_activity(body: bytes) -> Activity:
    """Return the activity in `body`.

    Raises:
        MalformedActivity: it is no JSON we take, has no type or not exactly one actor, or
            lacks what its type can't do without.

    """
    return read_document(parse(body))


def read_document(document: Document) -> Activity:
    """Return the activity in a parsed `document`, such as an item of an outbox.

    Raises:
        MalformedActivity: as `read_activity`.

    """
    kind = type_of(document, READERS.keys()) or type_of(document)
    actor = id_of(only(document.get("actor")))
    if kind is None:
        raise MalformedActivity("an activity without a type")
    if actor is None:
        raise MalformedActivity("an activity without exactly one usable actor")
    common: Common = {
        "id": id_of(document),
        "actor": actor,
        "published": instant_of(document.get("published")),
        "to": ids_of(document.get("to")),
        "cc": ids_of(document.get("cc")),
    }
    it = Received(document, kind, common)
    reader = READERS.get(kind)
    return reader(it) if reader else it.other("unknown type")
