"""Who may see a thing we publish.

Used by posts and events; turned into `to` and `cc` by `vocab`, into inboxes by `store`.
"""

from enum import StrEnum


class Visibility(StrEnum):
    """How far a post or an event travels."""

    PUBLIC = "public"
    """Everyone; listed in timelines, feeds and calendars."""
    UNLISTED = "unlisted"
    """Everyone who has the address; not listed."""
    FOLLOWERS = "followers"
    """Only followers; on our pages nobody."""
    LOCAL = "local"
    """Only on this instance's pages; never federates."""

    @property
    def federates(self) -> bool:
        """Tell whether it leaves this server at all."""
        return self is not Visibility.LOCAL

    @property
    def has_page(self) -> bool:
        """Tell whether a stranger with the address may read it."""
        return self is not Visibility.FOLLOWERS

    @property
    def listed(self) -> bool:
        """Tell whether it stands in lists and feeds of our own pages."""
        return self in (Visibility.PUBLIC, Visibility.LOCAL)
