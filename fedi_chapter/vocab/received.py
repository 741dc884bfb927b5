"""An activity as it came in, with what all activities share already read.

Made by `vocab.read` and handed to the readers of single verbs beside it; nobody else sees
it. Which class the activity becomes is decided there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.core.text import one_line
from fedi_chapter.vocab.activities import Other
from fedi_chapter.vocab.shape import Document, id_of, only


class Common(TypedDict):
    """The members every activity has."""

    id: str | None
    actor: str
    published: datetime | None
    to: tuple[str, ...]
    cc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """The document of an activity, its type, and its common members."""

    document: Document
    type: str
    common: Common

    @property
    def actor(self) -> str:
        """The id of who acts."""
        return self.common["actor"]

    @property
    def object(self) -> object:
        """What is acted upon: a single value as such, also out of a list of one."""
        return only(self.document.get("object"))

    def need(self, member: str) -> str:
        """Return the one id in `member`.

        Raises:
            MalformedActivity: there is none, or there are several.

        """
        uri = id_of(only(self.document.get(member)))
        if uri is None:
            raise MalformedActivity(f"{self.type} without one usable {member}")
        return uri

    def other(self, reason: str) -> Other:
        """Return the activity as one we have no use for, and why."""
        return Other(**self.common, type=one_line(self.type, 100), reason=reason)


def to_embed(document: Document) -> Document:
    """Return a document as it came, without what belongs to its own delivery only."""
    outer = {"@context", "signature", "proof"}
    return {name: value for name, value in document.items() if name not in outer}
