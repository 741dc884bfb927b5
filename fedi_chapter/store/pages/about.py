"""The page about this server: who runs it, how big it is. Counts only, never a name."""

from dataclasses import dataclass

from fedi_chapter.store import followers, following
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import SafeHtml
from fedi_chapter.store.tx import ReadTx


@dataclass(frozen=True, slots=True)
class AboutPage:
    """The chapter in its own words, and numbers that name nobody."""

    site: Site
    summary: SafeHtml
    followers: int
    following: int


def about_page(tx: ReadTx) -> AboutPage:
    """Return the page about this server."""
    around = site(tx)
    return AboutPage(
        site=around,
        summary=SafeHtml(around.chapter.summary_html),
        followers=followers.count(tx, around.chapter.id),
        following=following.count(tx, around.chapter.id),
    )
