"""What stands around every page: the chapter whose house this is.

Each page of this folder carries a Site; `web.templating` draws masthead and footer from it.
"""

from dataclasses import dataclass

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Site:
    """The chapter, as masthead and footer show it."""

    chapter: LocalActor


def site(tx: ReadTx) -> Site:
    """Return what masthead and footer show.

    Raises:
        Missing: there is no chapter in this database yet.

    """
    chapter = local_actors.chapter(tx)
    if chapter is None:
        raise Missing("there is no chapter here yet", cure="run `fedi-chapter init` first")
    return Site(chapter)
