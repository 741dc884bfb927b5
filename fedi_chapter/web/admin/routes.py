"""All addresses of the organizers' pages, in one list. What changes anything takes only POST."""

from starlette.routing import BaseRoute, Route

from fedi_chapter.web.admin import console, door

routes: list[BaseRoute] = [
    Route("/sign-in", door.sign_in_form, methods=["GET"]),
    Route("/sign-in", door.sign_in, methods=["POST"]),
    Route("/admin", console.console),
    Route("/admin/replies/show", console.show_reply, methods=["POST"]),
    Route("/admin/replies/hide", console.hide_reply, methods=["POST"]),
    Route("/admin/hosts/allow", console.allow_host, methods=["POST"]),
    Route("/admin/reports/close", console.close_report, methods=["POST"]),
    Route("/admin/sign-out", console.sign_out, methods=["POST"]),
]
