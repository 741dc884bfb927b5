"""Files: the style sheet and drawings of this program, and the chapter's own pictures.

A name is looked up or matched whole, never joined from what was asked (INJ-06); a picture
is only ever served as a picture (MED-04).
"""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.media import EXTENSIONS
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.templating import STATIC, static_url

FOREVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
}
_WORKER = "door-worker.js"
_WORKER_HEADERS = {
    "Service-Worker-Allowed": "/admin/events/",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
}
"""What the program that serves the greeters' page without a network may do."""
_MEDIA_TYPES = {extension: media_type for media_type, extension in EXTENSIONS.items()}
_MEDIA_NAME = re.compile(rf"[0-9a-f-]{{36}}\.({'|'.join(_MEDIA_TYPES)})")
PICTURE_HEADERS = {
    "Cache-Control": FOREVER,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
}


async def static_file(request: Request) -> Response:
    """Serve one of our own files; for ever under the address that carries its hash."""
    found = next(
        (file for file in STATIC.iterdir() if file.name == request.path_params["file"]), None
    )
    if found is None or found.suffix not in _TYPES:
        raise Missing
    current = static_url(found.name).endswith(f"?{request.url.query}")
    headers = {"Cache-Control": FOREVER if current else FOR_A_DAY}
    if found.name == _WORKER:
        headers |= _WORKER_HEADERS
    return FileResponse(found, media_type=_TYPES[found.suffix], headers=headers)


async def media_file(request: Request) -> Response:
    """Serve one of the chapter's pictures. Its name can't be guessed and never changes."""
    name = _MEDIA_NAME.fullmatch(request.path_params["file"])
    path = deps_of(request).settings.media_dir / name[0] if name else None
    if name is None or path is None or not await run_in_threadpool(path.is_file):
        raise Missing
    return FileResponse(path, media_type=_MEDIA_TYPES[name[1]], headers=PICTURE_HEADERS)


async def robots(request: Request) -> Response:
    """Tell crawlers what is worth reading: everything for people."""
    lines = ("User-agent: *", "Disallow: /follow", "Disallow: /admin", "Disallow: /me", "")
    return PlainTextResponse("\n".join(lines), headers={"Cache-Control": FOR_A_DAY})


async def favicon(request: Request) -> Response:
    """Serve the drawing in the browser's tab to those who ask at the old address."""
    return FileResponse(
        STATIC / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": FOR_A_DAY}
    )
