"""All addresses of the organizers' pages, in one list. What changes anything takes only POST."""

from starlette.routing import BaseRoute, Route

from fedi_chapter.web.admin import check_in, console, door, door_sync, events

_EVENT = "/admin/events/{event}"

routes: list[BaseRoute] = [
    Route("/sign-in", door.sign_in_form, methods=["GET"]),
    Route("/sign-in", door.sign_in, methods=["POST"]),
    Route("/admin", console.console),
    Route("/admin/replies/show", console.show_reply, methods=["POST"]),
    Route("/admin/replies/hide", console.hide_reply, methods=["POST"]),
    Route("/admin/hosts/allow", console.allow_host, methods=["POST"]),
    Route("/admin/messages/close", console.close_message, methods=["POST"]),
    Route("/admin/reports/close", console.close_report, methods=["POST"]),
    Route("/admin/events", events.listing, methods=["GET"]),
    Route(_EVENT, events.event_page, methods=["GET"]),
    Route(f"{_EVENT}/approve", events.approve, methods=["POST"]),
    Route(f"{_EVENT}/decline", events.decline, methods=["POST"]),
    Route(f"{_EVENT}/add", events.add, methods=["POST"]),
    Route(f"{_EVENT}/mail", events.correct_mail, methods=["POST"]),
    Route(f"{_EVENT}/seats", events.seats, methods=["POST"]),
    Route(f"{_EVENT}/message", events.tell, methods=["POST"]),
    Route(f"{_EVENT}/export", events.export, methods=["POST"]),
    Route(f"{_EVENT}/door", check_in.door, methods=["GET"]),
    Route(f"{_EVENT}/door/came", check_in.came, methods=["POST"]),
    Route(f"{_EVENT}/door/undo", check_in.undo, methods=["POST"]),
    Route(f"{_EVENT}/door/walk-in", check_in.walk_in, methods=["POST"]),
    Route(f"{_EVENT}/door/sync", door_sync.sync, methods=["POST"]),
    Route("/door/{token}", check_in.by_pass, methods=["GET"]),
    Route("/admin/sign-out", console.sign_out, methods=["POST"]),
]
