"""How documents leave the house: media types, who may keep them, CORS.

Used by every route of `web.fedi`. Validators and 304 are `web.negotiate`'s.
"""

import json
from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.web import negotiate

ACTIVITY_JSON = "application/activity+json; charset=utf-8"
VARY = {"Vary": f"{negotiate.VARY}, Signature, Signature-Input"}
OPEN_TO_BROWSERS = {"Access-Control-Allow-Origin": "*"}


def activity(request: Request, document: Mapping[str, object]) -> Response:
    """Return an ActivityPub document; 304 where the asker already has it."""
    return negotiate.answer(request, orjson.dumps(document), ACTIVITY_JSON, headers=VARY)


def tombstone(document: Mapping[str, object]) -> Response:
    """Return what is left of a deleted object, with 410 (ActivityPub §6.4)."""
    body = orjson.dumps(document)
    return Response(body, status_code=410, media_type=ACTIVITY_JSON, headers=VARY)


def private_activity(document: Mapping[str, object], *, status: int = 200) -> Response:
    """Return a document meant for one signed reader: never kept by anybody on the way."""
    headers = {"Cache-Control": "private, no-store", **VARY}
    body = orjson.dumps(document)
    return Response(body, status_code=status, media_type=ACTIVITY_JSON, headers=headers)


def discovery(request: Request, document: Mapping[str, object], media_type: str) -> Response:
    """Return a discovery document, which pages of other sites may read too."""
    body = json.dumps(document).encode()
    return negotiate.answer(request, body, media_type, headers=OPEN_TO_BROWSERS)
