"""The composition root: Deps become an application. Nobody imports it but the command line and
the tests. How settings become Deps stands in `opening`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware

from fedi_chapter.deps import Deps
from fedi_chapter.federation.inbox import InboxDoor
from fedi_chapter.web import middleware
from fedi_chapter.web.cache import AnswerCache
from fedi_chapter.web.errors import handlers
from fedi_chapter.web.fedi.forms import ToldApart
from fedi_chapter.web.routes import routes
from fedi_chapter.workers import supervisor


def build_app(deps: Deps, *, with_workers: bool) -> Starlette:
    """Return the application over `deps`, with its background loops where wanted."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _background(deps) if with_workers else contextlib.nullcontext():
            yield

    app = Starlette(
        routes=routes,
        middleware=middleware.stack(
            deps,
            Middleware(AnswerCache, db=deps.db, told_apart=ToldApart(deps.settings)),
        ),
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it would believe the proxy's scheme; see web.errors
    app.state.deps = deps
    app.state.door = InboxDoor(deps)
    return app


@contextlib.asynccontextmanager
async def _background(deps: Deps) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loops = asyncio.create_task(supervisor.run(deps, stop=stop), name="workers")
    try:
        yield
    finally:
        stop.set()
        await loops
