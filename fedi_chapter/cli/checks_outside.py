"""What `doctor` checks the way another server would: names, the way in, documents, the clock."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from fedi_chapter.cli.finding import Finding
from fedi_chapter.cli.frame import chapter_of
from fedi_chapter.cli.way_in import check_address, check_name, check_reached
from fedi_chapter.core.errors import ChapterError, MalformedActivity
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.store import followers, following
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.envelopes import follow
from fedi_chapter.vocab.shape import encode, parse

JRD = "application/jrd+json"
KNOCK = encode(follow("https://doctor.invalid/1", "https://doctor.invalid/2", "https://a.invalid/"))
"""A message from nowhere: `.invalid` is nobody's domain (RFC 2606)."""
NOT_ASKED = Finding.bad(
    "server",
    "not asked before that is mended, nor WebFinger, actor and inbox",
    "then start it with `fedi-chapter run`, and ask again",
)
SKEW = timedelta(seconds=60)
"""A clock further off than this makes signatures look old."""


async def check_outside(deps: Deps) -> list[Finding]:
    """Check names and the way in and, when the server answers, what it says to others."""
    private_too = deps.settings.danger_allow_private_network
    findings = [] if private_too else check_address(deps.urls.base)
    if not findings:
        findings = [await check_name(name, private_too=private_too) for name in _hosts(deps)]
    # What follows from another cause is not looked at: one cause, one cure.
    is_named = all(each.ok for each in findings)
    findings.append(await check_reached(deps) if is_named else NOT_ASKED)
    if all(each.ok for each in findings):
        chapter = await deps.db.read(chapter_of)
        findings += [
            await _webfinger(deps, chapter),
            await _actor(deps, chapter),
            await _inbox(deps),
        ]
    return [*findings, await _clock(deps)]


def _hosts(deps: Deps) -> tuple[str, ...]:
    own = urlsplit(deps.urls.base).hostname or ""
    domain = urlsplit(f"//{deps.urls.domain}").hostname or ""
    return tuple(dict.fromkeys((own, domain)))


async def _webfinger(deps: Deps, chapter: LocalActor) -> Finding:
    scheme = urlsplit(deps.urls.base).scheme
    resource = quote(f"acct:{deps.urls.handle(chapter)}", safe="@:")
    url = f"{scheme}://{deps.urls.domain}/.well-known/webfinger?resource={resource}"
    cure = f"let {deps.urls.domain} answer or redirect /.well-known/webfinger to {deps.urls.base}"
    try:
        answer = await deps.fetcher.get(url, accept=JRD)
        links = json.loads(answer.body)["links"]
        own = [link.get("href") for link in links if link.get("rel") == "self"]
    except ChapterError as error:
        return Finding.bad("WebFinger", error.message, cure)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Finding.bad("WebFinger", f"{url} is not what it should be: {error}", cure)
    if deps.urls.actor(chapter) not in own:
        return Finding.bad("WebFinger", f"it names {own} as the actor", cure)
    return Finding.good("WebFinger", f"@{deps.urls.handle(chapter)}")


async def _actor(deps: Deps, chapter: LocalActor) -> Finding:
    uri = deps.urls.actor(chapter)
    cure = "let the proxy pass the Accept header on, and cache nothing without Vary: Accept"
    try:
        answer = await deps.fetcher.get(uri)
        document = parse(answer.body)
    except (ChapterError, MalformedActivity) as error:
        return Finding.bad("actor", f"{uri}: {error.message}", cure)
    if answer.media_type != "application/activity+json":
        return Finding.bad("actor", f"{uri} answers with {answer.media_type}", cure)
    if document.get("id") != uri:
        return Finding.bad("actor", f"{uri} calls itself {document.get('id')}", "mend BASE_URL")
    return Finding.good("actor", uri)


async def _inbox(deps: Deps) -> Finding:
    """Knock without a signature: the only right answer is 401, and only under our own name."""
    try:
        answer = await deps.poster.post(
            deps.urls.shared_inbox, KNOCK, {"Content-Type": "application/activity+json"}
        )
    except ChapterError as error:
        return Finding.bad("inbox", error.message, "let the proxy pass POST requests on")
    if answer.status != 401:
        return Finding.bad(
            "inbox",
            f"an unsigned message is answered with {answer.status} instead of 401",
            f"let the proxy pass on the Host header ({deps.urls.host}) and the body unchanged",
        )
    return Finding.good("inbox")


async def _clock(deps: Deps) -> Finding:
    uri = await deps.db.read(_someone)
    if uri is None:
        return Finding.good("clock", "no other server is known yet to compare with")
    try:
        answer = await deps.fetcher.get(uri)
        there = date_of(answer.headers.get("date", ""))
    except (ChapterError, ValueError):
        return Finding.good("clock", "the other server gave no date to compare with")
    off = abs(deps.clock.now() - there)
    if off > SKEW:
        return Finding.bad(
            "clock",
            f"it differs by {off.total_seconds():.0f} s from {urlsplit(uri).netloc}",
            "let the machine keep its time with NTP",
        )
    return Finding.good("clock")


def date_of(header: str) -> datetime:
    """Return the instant a Date header names; one that names no zone is in UTC.

    Raises:
        ValueError: it names none.

    """
    date = parsedate_to_datetime(header)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _someone(tx: ReadTx) -> str | None:
    chapter = chapter_of(tx)
    followed = [each.uri for each in following.listing(tx, chapter.id)]
    known = [*followed, *(each.uri for each in followers.listing(tx, chapter.id, limit=1))]
    return known[0] if known else None
