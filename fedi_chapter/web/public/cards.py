"""The picture that apps show beside a link to an event.

Its address carries what it shows as a number, so that a copy kept elsewhere is not taken for
the card of an event that was moved or cancelled since.
"""

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from fedi_chapter.core.i18n import Translator, translator
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId, EventStatus
from fedi_chapter.media.cards import Card
from fedi_chapter.store.pages.event import readable_event
from fedi_chapter.store.pages.site import site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.public.files import FOREVER, PICTURE_HEADERS
from fedi_chapter.web.templating import INK_COLOURS, ink_of

FOR_MINUTES = "public, max-age=300"
LONGEST = 140
"""Characters of each text on a card; more would be too small to read."""


async def card(request: Request) -> Response:
    """Serve the picture for previews of the event named in the path."""
    deps, event_id = deps_of(request), EventId(str(request.path_params["id"]))

    def read(tx: ReadTx) -> Card:
        return card_of(readable_event(tx, event_id), site(tx).chapter)

    shown, settings = await deps.db.read(read), deps.settings
    file = await deps.cards.file(shown, settings.cards_dir, settings.media_dir)
    is_this = request.url.query == shown.name
    headers = {**PICTURE_HEADERS, "Cache-Control": FOREVER if is_this else FOR_MINUTES}
    return FileResponse(file, media_type="image/jpeg", headers=headers)


def card_of(event: Event, chapter: LocalActor) -> Card:
    """Return what the card of an event shows, in the event's language: it is the same for all."""
    t = translator(event.language)
    where = event.place.name if event.place else t("Online") if event.is_online else ""
    has_date = not event.is_postponed
    flags = {EventStatus.CANCELLED: t("Cancelled"), EventStatus.POSTPONED: t("Postponed")}
    return Card(
        title=event.name[:LONGEST],
        lines=tuple(text[:LONGEST] for text in (_when(event, t), where) if text),
        month=t.month(event.starts_at, event.zone) if has_date else "",
        day=str(event.local(event.starts_at).day) if has_date else "?",
        weekday=t.weekday(event.starts_at, event.zone) if has_date else "",
        host=chapter.name[:LONGEST],
        ink=INK_COLOURS[ink_of(chapter.handle)],
        flag=flags.get(event.status, ""),
        off=event.is_cancelled,
        picture=event.images[0].file_name if event.images else "",
    )


def _when(event: Event, t: Translator) -> str:
    if event.is_postponed:
        return ""
    if not event.all_day:
        day, time = (tell(event.starts_at, event.zone) for tell in (t.short_date, t.time))
        return f"{day}, {time}"
    first, last = (t.short_date(at, event.zone) for at in (event.starts_at, event.last_moment))
    return first if first == last else f"{first} – {last}"
