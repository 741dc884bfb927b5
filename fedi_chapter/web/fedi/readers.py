"""Who is reading: the actor a signed GET proves, for things that are not for everyone."""

from starlette.requests import Request

from fedi_chapter.core.errors import ChapterError
from fedi_chapter.federation import remote_actors
from fedi_chapter.sig import verify
from fedi_chapter.web.negotiate import deps_of


def request_of(request: Request, body: bytes = b"") -> verify.Request:
    """Return the raw request as the verifier wants it: nothing decoded, nothing merged."""
    scope = request.scope
    target = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    return verify.Request(
        method=scope["method"],
        target=(target + b"?" + query if query else target).decode("latin-1"),
        headers=tuple(scope["headers"]),
        body=body,
        base=deps_of(request).urls.base,
    )


async def reader(request: Request) -> str | None:
    """Return the id of the actor whose signature this GET carries, None for a stranger.

    A signature that can't be verified makes a stranger, not an error: what is public is
    public, and what is not looks missing (security case SIG-24). Nobody is asked for a key:
    who may read more has been met before.
    """
    if not verify.is_signed(request.scope["headers"]):
        return None
    deps = deps_of(request)
    try:
        claim = verify.claim(request_of(request), now=deps.clock.now())
        key = await remote_actors.known_key(deps, claim.key_id)
        if key is None:
            return None
        verify.check(claim, key)
    except ChapterError:
        return None
    return key.owner
