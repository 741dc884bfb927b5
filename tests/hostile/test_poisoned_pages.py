"""One visitor's request never decides what the next one gets.

Asked on real sockets, of the program itself and of a real nginx in front of it, as documented.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from tests.kit.processes import free_port
from tests.kit.wire import listening, say
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PAGE = b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
DOCUMENT = b"Accept: application/activity+json\r\n"
MASTODON = b"User-Agent: Mastodon/4.5.0 (http.rb/5.3.1; +https://social.test/)\r\n"
MOBILIZON = b"User-Agent: Mobilizon/5.1.0 (+https://events.test/)\r\n"
DOUBLED = [
    PAGE + DOCUMENT,
    DOCUMENT + PAGE,
    PAGE + b"Accept: \r\n" + DOCUMENT,
    b"accept: text/html\r\nACCEPT: application/activity+json\r\n",
    DOCUMENT + MASTODON + MOBILIZON,
    DOCUMENT + MOBILIZON + MASTODON,
    PAGE + b"Accept-Language: es\r\nAccept-Language: en\r\n",
    PAGE + b"Accept-Language: en\r\nAccept-Language: es\r\n",
    PAGE + b'If-None-Match: *\r\nIf-None-Match: "x"\r\n',
    PAGE + b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
    PAGE + b"Range: bytes=0-1\r\nRange: bytes=2-3\r\n",
]
ORDINARY = [PAGE, DOCUMENT, DOCUMENT + MASTODON, DOCUMENT + MOBILIZON, PAGE + MASTODON]
NUMBER = re.compile(rb"[0-9a-f]{32}")
PLACES = ["/", "/chapter", "/events/{}", "/events/{}/face", "/calendar"]

NGINX_CONF = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        server_name a.test;
        client_max_body_size 2m;
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


@asynccontextmanager
async def nginx(behind: int, folder: Path) -> AsyncIterator[int]:
    """Run nginx in front of a port, and give its own."""
    port, conf = free_port(), folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, port=port, behind=behind))
    assert NGINX
    process = await asyncio.create_subprocess_exec(
        NGINX, "-c", str(conf), "-p", str(folder), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        while not (folder / "nginx.pid").exists():
            assert process.returncode is None, (folder / "error.log").read_text()
            await asyncio.sleep(0.01)
        yield port
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
async def chapter(world: World) -> Chapter:
    return await world.chapter("a.test", trusted_proxies=["127.0.0.0/8"])


@pytest.fixture
async def picnic(chapter: Chapter) -> str:
    """The number of an event."""
    start = chapter.deps.clock.now() + timedelta(days=2)
    fields = EventFields(name="Picnic", start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC")
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    return made.id


@pytest.fixture(params=["alone", "behind nginx"])
async def port(
    request: pytest.FixtureRequest, chapter: Chapter, tmp_path: Path
) -> AsyncIterator[int]:
    async with listening(chapter.app) as own:
        if request.param == "alone":
            yield own
        elif NGINX is None:
            pytest.skip("there is no nginx on this machine")
        else:
            async with nginx(own, tmp_path) as front:
                yield front


async def ask(port: int, path: str, head: bytes) -> tuple[bytes, bytes]:
    """Return status and type of an answer, and its body without the number of its form."""
    start = f"GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n".encode()
    answer = await say(port, start + head + b"\r\n")
    top, _, body = answer.partition(b"\r\n\r\n")
    kind = [line.lower() for line in top.split(b"\r\n") if b"ontent-" in line or b"ocation" in line]
    return top.split(b"\r\n")[0] + b"".join(sorted(kind)), NUMBER.sub(b"", body)


@pytest.mark.parametrize("place", PLACES)
async def test_a_header_said_twice_changes_nobody_elses_page(
    port: int, picnic: str, place: str
) -> None:
    path = place.format(picnic)
    clean = [await ask(port, f"{path}?clean", head) for head in ORDINARY]
    for doubled in DOUBLED:
        await ask(port, path, doubled)
    for head, expected in zip(ORDINARY, clean, strict=True):
        for _ in range(2):
            assert await ask(port, path, head) == expected


@pytest.mark.parametrize("doubled", DOUBLED)
async def test_a_header_said_twice_is_neither_kept_nor_answered_from_memory(
    chapter: Chapter, doubled: bytes
) -> None:
    async with listening(chapter.app) as port:
        start = b"GET /about HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n"
        for head in (PAGE, DOCUMENT, doubled):
            await say(port, start + head + b"\r\n")
        assert b"x-request-id" not in await say(port, start + PAGE + b"\r\n")
        answer = await say(port, start + doubled + b"\r\n")
        assert b"x-request-id" in answer
        told = [line for line in answer.split(b"\r\n") if line.startswith(b"cache-control:")]
        assert told == [b"cache-control: no-store"]
