"""Collections and their pages, tombstones, and the consent to quote.

Called by `federation.documents` and, for tombstones, by `federation.publish`. What stands
in them is decided there; nothing here reads anything.
"""

from collections.abc import Sequence
from datetime import datetime

from fedi_chapter.vocab.context import NO_TERMS, QUOTE, bare, enclose, in_context
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.when import stamp

Item = Document | str


def collection(
    uri: str,
    total: int,
    *,
    items: Sequence[Item] | None = None,
    first: Item | None = None,
    ordered: bool = True,
) -> Document:
    """Return a collection of `total` things: with its `items`, or with its `first` page."""
    return _gathered(
        {
            "id": uri,
            "type": "OrderedCollection" if ordered else "Collection",
            "totalItems": total,
        },
        items=items,
        first=first,
        ordered=ordered,
    )


def collection_page(
    uri: str,
    part_of: str,
    items: Sequence[Item],
    *,
    next_page: str | None = None,
    total: int | None = None,
    ordered: bool = True,
) -> Document:
    """Return one page of the collection `part_of`."""
    return _gathered(
        {
            "id": uri,
            "type": "OrderedCollectionPage" if ordered else "CollectionPage",
            "partOf": part_of,
            "totalItems": total,
            "next": next_page,
        },
        items=items,
        first=None,
        ordered=ordered,
    )


def replies_to_be_fetched(uri: str) -> Document:
    """Return a replies collection for a message: its first page is empty and leads to the others.

    GoToSocial follows a page that stands inside, and no address in its place.
    """
    page = collection_page("", uri, [], next_page=f"{uri}?page=1", ordered=False)
    first = {name: value for name, value in bare(page).items() if name != "id"}
    return bare(in_context(NO_TERMS, {"id": uri, "type": "Collection", "first": first}))


def _gathered(
    members: Document, *, items: Sequence[Item] | None, first: Item | None, ordered: bool
) -> Document:
    inner = [each for each in (*(items or ()), first) if isinstance(each, dict)]
    listed = None if items is None else [_inside(each) for each in items]
    members |= {
        "first": None if first is None else _inside(first),
        "orderedItems" if ordered else "items": listed,
    }
    return enclose(members, *inner)


def _inside(item: Item) -> Item:
    return bare(item) if isinstance(item, dict) else item


def tombstone(uri: str, former_type: str, deleted_at: datetime) -> Document:
    """Return what remains of a deleted thing; Gancio keeps an event without `formerType`."""
    return in_context(
        NO_TERMS,
        {
            "id": uri,
            "type": "Tombstone",
            "formerType": former_type,
            "deleted": stamp(deleted_at),
        },
    )


def quote_authorization(uri: str, actor_uri: str, quote_uri: str, target_uri: str) -> Document:
    """Return our consent that `quote_uri` quotes `target_uri` (FEP-044f)."""
    return in_context(
        QUOTE,
        {
            "id": uri,
            "type": "QuoteAuthorization",
            "attributedTo": actor_uri,
            "interactingObject": quote_uri,
            "interactionTarget": target_uri,
        },
    )
