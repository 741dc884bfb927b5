"""The bare framework: Starlette's hello on uvicorn, with uvloop and httptools.

`python -m benchmarks.hello`, started by `benchmarks.read` as what a cached answer is
measured against.
"""

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.programs import Handlers, helper


async def hello(_: Request) -> Response:
    """Say hello."""
    return JSONResponse({"hello": "world"})


async def start(port: int) -> Handlers:
    """Serve on `port`."""
    app = Starlette(routes=[Route("/", hello)])
    config = uvicorn.Config(app, port=port, http="httptools", access_log=False, log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def ready() -> bool:
        while not server.started and not serving.done():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
        return server.started

    return {"ready": ready}


if __name__ == "__main__":
    helper(start)
