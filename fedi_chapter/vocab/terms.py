"""The words of the vocabulary, grouped as the readers need them.

Read by every file of this room. Nothing here is a term of our own making.
"""

from fedi_chapter.vocab.activities import PUBLIC

AS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
PUBLIC_ALIASES = frozenset({PUBLIC, "as:Public", "Public"})

ACTOR_TYPES = frozenset({"Application", "Group", "Organization", "Person", "Service"})
NOTE_TYPES = frozenset({"Note", "Article", "Page", "Question"})
CONVERTED_TYPES = frozenset({"Image", "Video", "Audio"})
"""Read as a note when they bring a title or a text along."""
OBJECT_TYPES = NOTE_TYPES | CONVERTED_TYPES | {"Event"}
EVENT_ANSWERS = frozenset({"Accept", "TentativeAccept", "Reject", "TentativeReject"})
ANSWERABLE = frozenset({"Event", "Invite", "Note", "Question"})
"""An event, an invitation to one, or one of the forms of its face."""
JOINS = frozenset({"Join", "TentativeJoin", "sm:TentativeJoin"})
ATTENDING = frozenset({"Join", "Accept", "TentativeAccept"})
"""What we say about an event of others, and may be answered."""
LIKES = frozenset({"Like", "EmojiReact"})
ACTIVITY_TYPES = (
    frozenset(
        {
            "Add",
            "Announce",
            "Block",
            "Create",
            "Delete",
            "Dislike",
            "Flag",
            "Follow",
            "Ignore",
            "Invite",
            "Join",
            "Leave",
            "Move",
            "Offer",
            "QuoteRequest",
            "Remove",
            "Undo",
            "Update",
        }
    )
    | EVENT_ANSWERS
    | LIKES
)

JOIN_MODES = frozenset({"free", "restricted", "invite", "external", "none"})
"""The values of joinMode: Mobilizon's, and FEP-8a8e's `none`."""
