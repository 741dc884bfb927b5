"""The pass of an RSVP: a picture to scan at the door, and a short code to say or type.

Shown on the person's own page (`web.members`), read by the greeters' (`web.admin`). It proves
nothing and opens nothing: it only finds a line in the greeters' list.
"""

from dataclasses import dataclass

from markupsafe import Markup

from fedi_chapter.deps import Deps
from fedi_chapter.domain.rsvp import RsvpId
from fedi_chapter.web.qr import qr_code

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Nothing that one could take for something else: no 0 and O, no 1 and I."""
_LENGTH = 6


@dataclass(frozen=True, slots=True)
class DoorPass:
    """What one person shows at the door."""

    code: str
    url: str

    @property
    def picture(self) -> Markup:
        """The address as a QR code."""
        return qr_code(self.url)


def door_pass(deps: Deps, rsvp_id: RsvpId) -> DoorPass:
    """Return the pass of an RSVP; it stays the same for as long as the RSVP lives."""
    token = deps.links.make("door", rsvp_id)
    return DoorPass(short_code(deps, rsvp_id), deps.urls.door_pass(token))


def read_pass(deps: Deps, token: str) -> RsvpId | None:
    """Return the RSVP behind a pass of ours."""
    found = deps.links.read("door", token)
    return RsvpId(found[0]) if found else None


def short_code(deps: Deps, rsvp_id: RsvpId) -> str:
    """Return the six letters that find an RSVP in the list of its event."""
    number = int(deps.links.fingerprint("door", rsvp_id), 16)
    letters = (_LETTERS[number >> (5 * place) & 31] for place in range(_LENGTH))
    return "".join(letters)
