"""One attempt to deliver: signed bytes to one inbox, and what its answer means for the queue.

Called by the delivery loop for every leased delivery. It holds ids, hosts and bytes only: the
documents were written when the fan-out ran. The policy is in `federation.backoff`, the rows
in `store.deliveries`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fedi_chapter.core.errors import RemoteFailure, Unreachable, UnsafeAddress
from fedi_chapter.domain.delivery import Claimed, DeliveryState, Outcome
from fedi_chapter.federation import backoff
from fedi_chapter.federation.backoff import Trouble, Verdict
from fedi_chapter.net.post import Posted, Poster
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import Scheme, sign

DEADLINE = 10.0
"""Seconds an inbox has to answer."""
OTHER: Mapping[str, Scheme] = {"cavage": "rfc9421", "rfc9421": "cavage"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A leased delivery with its key and the headers that sign it."""

    job: Claimed
    key: SigningKey
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: an HTTP status, or the error that stood in its place."""

    status: int | None = None
    error: str | None = None
    hopeless: bool = False
    """No further attempt could end otherwise: an unsafe address, a lost key."""
    retry_after: float | None = None
    scheme: str | None = None
    """The signature scheme the inbox took."""


def sign_all(jobs: Sequence[tuple[Claimed, SigningKey]], at: datetime) -> list[Letter]:
    """Sign a chunk of deliveries. Runs in a thread: RSA gives the interpreter's lock back.

    An inbox that no request can be signed for is left unsigned; the poster refuses it too.
    """
    letters = []
    for job, key in jobs:
        try:
            headers = headers_for(job, key, at, scheme_of(job))
        except UnsafeAddress:
            headers = {}
        letters.append(Letter(job, key, headers))
    return letters


def headers_for(job: Claimed, key: SigningKey, at: datetime, scheme: Scheme) -> dict[str, str]:
    """Return the headers that deliver `job` under `scheme`."""
    return sign(scheme, key, method="POST", url=job.inbox, at=at, digest=job.digest)


def scheme_of(job: Claimed) -> Scheme:
    """Return the scheme the host took last; draft-cavage is what every peer reads."""
    return "rfc9421" if job.scheme == "rfc9421" else "cavage"


async def attempt(poster: Poster, letter: Letter, at: datetime) -> Answer:
    """Post `letter`; where its signature scheme may be at fault, once more with the other."""
    scheme = scheme_of(letter.job)
    first = await _post(poster, letter.job, letter.headers, scheme)
    if first.status is None or not backoff.other_scheme_may_help(first.status, scheme):
        return first
    other = OTHER[scheme]
    second = await _post(poster, letter.job, headers_for(letter.job, letter.key, at, other), other)
    return second if second.scheme else first


async def _post(poster: Poster, job: Claimed, headers: Mapping[str, str], scheme: Scheme) -> Answer:
    try:
        posted = await poster.post(job.inbox, job.body, headers, deadline=DEADLINE)
    except Unreachable as error:
        return Answer(error=error.message)
    except RemoteFailure as error:
        return Answer(error=error.message, hopeless=True)
    return _answered(posted, scheme)


def _answered(posted: Posted, scheme: Scheme) -> Answer:
    taken = backoff.judge(posted.status) is Verdict.DONE
    return Answer(
        status=posted.status,
        error=None if taken else posted.detail,
        retry_after=posted.retry_after,
        scheme=scheme if taken else None,
    )


def outcome(job: Claimed, answer: Answer, *, now: datetime, chance: float) -> Outcome:
    """Return what the queue records about `answer`; the host's rest is added when recorded."""
    tried = Outcome(
        id=job.id,
        host=job.host,
        state=DeliveryState.FAILED,
        attempts=job.attempts + 1,
        status=answer.status,
        error=answer.error,
        scheme=answer.scheme,
    )
    if answer.hopeless:
        return tried
    if answer.status is None:
        return _again(tried, job, answer, Trouble.UNREACHABLE, now=now, chance=chance)
    alive = replace(tried, host_answered=not backoff.is_overloaded(answer.status))
    match backoff.judge(answer.status):
        case Verdict.DONE:
            return replace(alive, state=DeliveryState.DONE)
        case Verdict.GIVE_UP:
            return alive
        case Verdict.RETRY:
            trouble = backoff.trouble_of(answer.status)
            return _again(alive, job, answer, trouble, now=now, chance=chance)


def _again(
    tried: Outcome, job: Claimed, answer: Answer, trouble: Trouble, *, now: datetime, chance: float
) -> Outcome:
    wait = backoff.retry_in(
        tried.attempts,
        chance,
        trouble=trouble,
        age=now - job.first_due,
        asked=answer.retry_after,
    )
    if wait is None:
        return tried
    return replace(tried, state=DeliveryState.WAITING, due=now + wait)
