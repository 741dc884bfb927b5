"""All addresses of this server, in one list."""

from starlette.routing import BaseRoute

from fedi_chapter.web.admin import routes as admin
from fedi_chapter.web.fedi import actors, inboxes, objects, wellknown
from fedi_chapter.web.members import routes as members
from fedi_chapter.web.public import routes as public

routes: list[BaseRoute] = [
    *inboxes.routes,
    *actors.routes,
    *objects.routes,
    *wellknown.routes,
    *public.routes,
    *admin.routes,
    *members.routes,
]
