"""All addresses of the members' pages, in one list. What changes anything takes only POST."""

from starlette.routing import BaseRoute, Route

from fedi_chapter.web.members import answers, calendar, device, door, me, own

routes: list[BaseRoute] = [
    Route("/sign-in/with", door.begin, methods=["POST"]),
    Route("/sign-in/back/{tag}", door.back, methods=["GET"]),
    Route("/me", me.me, methods=["GET"]),
    Route("/me/answer", me.answer, methods=["POST"]),
    Route("/me/calendar", me.new_calendar, methods=["POST"]),
    Route("/me/calendar/{token}.ics", calendar.own_calendar, methods=["GET"]),
    Route("/me/erase", me.erase, methods=["POST"]),
    Route("/me/sign-out", me.sign_out, methods=["POST"]),
    Route("/events/{id:uuid}/rsvp", answers.answer, methods=["POST"]),
    Route("/events/{id:uuid}/forget-device", device.forget_here, methods=["POST"]),
    Route("/rsvp/{token}.ics", own.own_ics, methods=["GET"]),
    Route("/rsvp/{token}", own.own_page, methods=["GET"]),
    Route("/rsvp/{token}", own.change, methods=["POST"]),
    Route("/rsvp/{token}/mute", own.mute, methods=["POST"]),
    Route("/rsvp/{token}/mail", own.add_email, methods=["POST"]),
    Route("/rsvp/{token}/confirm", own.confirm_email, methods=["POST"]),
    Route("/rsvp/{token}/forget", own.forget, methods=["POST"]),
    Route("/place/{token}", own.exact_place, methods=["GET"]),
]
