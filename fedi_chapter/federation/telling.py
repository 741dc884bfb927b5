"""One notice on its way: worded with what is known now, then sent as it came to be asked for.

Called by the notice loop. A direct message is written, queued for delivery and done with in one
transaction, so it can't be sent twice; mail is handed to the mail server first, and carries the
same Message-ID should that happen twice.
"""

from dataclasses import replace
from datetime import timedelta

from fedi_chapter.core.errors import (
    BadDocument,
    RemoteFailure,
    RemoteGone,
    RemoteRefused,
    Unreachable,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NEWS, Briefing, NoticeKind, NoticeRoute, Overtaken
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.publish.message import Inbox, Message, send
from fedi_chapter.feeds.itip import Method, write_invitation
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.mail import Invitation, Letter, Mailer
from fedi_chapter.net.pools import Cause
from fedi_chapter.services import own_rsvps
from fedi_chapter.services.briefings import brief
from fedi_chapter.store import blocks, mail_stops, notice_queue, outbox
from fedi_chapter.store import remote_actors as actors
from fedi_chapter.store.notice_queue import NoticeJob
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.direct import write_direct
from fedi_chapter.vocab.envelopes import create
from fedi_chapter.vocab.letters import write_text
from fedi_chapter.vocab.notice_parts import Ways
from fedi_chapter.vocab.notice_words import write_words
from fedi_chapter.vocab.shape import host_of

UNCONFIRMED_A_DAY = 3
"""Mails an address gets in a day at most before somebody there has confirmed it (ABU-04)."""
AN_HOUR = 500
"""Mails in an hour to addresses that were confirmed; the others wait, for none less urgent."""
QUESTIONS_AN_HOUR = 100
"""Questions in an hour whose an address is: strangers cause them, and hold up nobody else."""
LATER = timedelta(minutes=10)
SOON = timedelta(seconds=2)


async def tell(deps: Deps, job: NoticeJob) -> None:
    """Send one notice, or drop it with the reason why it is not sent any more.

    Raises:
        RemoteFailure: it can't be sent now, or never.

    """
    if job.notice.route is NoticeRoute.MAIL:
        await _mail(deps, job)
    else:
        await _message(deps, job)


# -- by direct message ---------------------------------------------------------------------


async def _message(deps: Deps, job: NoticeJob) -> None:
    uri = job.notice.recipient
    if await deps.db.write(lambda tx: _send_if_known(tx, deps, job)):
        return
    try:
        to = await remote_actors.refresh(deps, uri, Budget(cause=Cause.OURS))
    except RemoteGone:
        await _drop(deps, job, "the account is gone")
        return
    except RemoteFailure as error:
        # Kept with the notice, and logged: it does not say whom the notice was for.
        why = f"{host_of(uri)}: {error.code}"
        if isinstance(error, RemoteRefused):
            await _drop(deps, job, why)
            return
        raise (Unreachable if error.retry else BadDocument)(why) from None
    await deps.db.write(lambda tx: _send_direct(tx, deps, job, to))


def _send_if_known(tx: WriteTx, deps: Deps, job: NoticeJob) -> bool:
    """Send to somebody we know, however long ago we met: an inbox is an inbox."""
    to = actors.get(tx, job.notice.recipient)
    if to is not None:
        _send_direct(tx, deps, job, to)
    return to is not None


def _send_direct(tx: WriteTx, deps: Deps, job: NoticeJob, to: RemoteActor) -> None:
    if _waits_for_a_change(tx, job):
        return
    about = brief(tx, job.notice)
    if isinstance(about, Briefing) and to.gone_at is not None:
        about = Overtaken("the account is gone")
    elif blocks.find(tx, actor_uri=to.uri, host=to.host) is not None:
        about = Overtaken("blocked here")
    if isinstance(about, Overtaken):
        notice_queue.drop(tx, job.id, about.reason)
        return
    uri, by = deps.urls.notice(job.id), deps.urls.actor(about.host)
    words = write_words(about, _ways(deps, about))
    note = write_direct(uri, words, by=by, to=to, at=tx.now, in_reply_to=about.notice.in_reply_to)
    send(tx, Message(create(note, by), about.host, uri, (Inbox(to.inbox),)))
    notice_queue.finish(tx, job.id)


# -- by mail -------------------------------------------------------------------------------


async def _mail(deps: Deps, job: NoticeJob) -> None:
    mailer = deps.mailer
    if mailer is None:
        await _drop(deps, job, "mail is off")
        return
    trace = deps.mail_trace(job.notice.recipient)
    letter = await deps.db.write(lambda tx: _letter(tx, deps, job, mailer, trace))
    if letter is None:
        return
    try:
        await mailer.send(letter)
    except RemoteRefused:
        await deps.db.write(lambda tx: _note_fate(tx, job, refused=True))
        raise

    def finish(tx: WriteTx) -> None:
        notice_queue.finish(tx, job.id, trace=trace)
        _note_fate(tx, job, refused=False)

    await deps.db.write(finish)


def _note_fate(tx: WriteTx, job: NoticeJob, *, refused: bool) -> None:
    if job.notice.rsvp_id is not None:
        own_rsvps.mail_ended(tx, job.notice.rsvp_id, job.notice.recipient, refused=refused)


def _letter(tx: WriteTx, deps: Deps, job: NoticeJob, mailer: Mailer, trace: str) -> Letter | None:
    """Return the letter to send now; None when the notice was dropped or has to wait."""
    if _waits_for_a_change(tx, job):
        return None
    about = brief(tx, job.notice)
    if isinstance(about, Briefing) and (reason := _unwanted(tx, job, trace)):
        about = Overtaken(reason)
    if isinstance(about, Overtaken):
        notice_queue.drop(tx, job.id, about.reason)
        return None
    is_question = job.notice.kind is NoticeKind.CONFIRM_MAIL
    most = QUESTIONS_AN_HOUR if is_question else AN_HOUR
    if notice_queue.mails_since(tx, job, tx.now - timedelta(hours=1)) >= most:
        notice_queue.retry(tx, job.id, tx.now + LATER, "so much mail went out this hour")
        return None
    stop = deps.urls.mail_stop(deps.links.make("stop", trace))
    words = write_words(about, _ways(deps, about, stop))
    return Letter(
        id=job.id,
        to=job.notice.recipient,
        from_name=about.host.name,
        subject=words.subject,
        text=write_text(words),
        at=tx.now,
        stop_url=stop,
        invitation=_invitation(tx, deps, about, mailer),
    )


def _unwanted(tx: WriteTx, job: NoticeJob, trace: str) -> str | None:
    if mail_stops.is_on(tx, trace):
        return "this address wants no mail"
    if job.notice.kind is not NoticeKind.CONFIRM_MAIL:
        return None
    since = job.created_at - timedelta(days=1)
    if notice_queue.mails_before(tx, job, since, trace=trace) >= UNCONFIRMED_A_DAY:
        return "an unconfirmed address had its mails for today"
    return None


def _invitation(tx: WriteTx, deps: Deps, about: Briefing, mailer: Mailer) -> Invitation | None:
    method, rsvp = _method(about), about.rsvp
    if method is None or rsvp is None:
        return None
    # As in this person's own calendar file: less would be old news to their calendar.
    event = replace(about.event, revision=about.event.revision + rsvp.turn)
    organizer, to = (about.host.name, mailer.sender), about.notice.recipient
    body = write_invitation(method, event, deps.urls, organizer=organizer, to=to, at=tx.now)
    return Invitation(method, body)


def _method(about: Briefing) -> Method | None:
    """Return what the reader's calendar is to do: what it was never asked to enter, nothing."""
    rsvp = about.rsvp
    if rsvp is None:
        return None
    match about.notice.kind:
        case NoticeKind.GOING | NoticeKind.PROMOTED:
            return "REQUEST"
        case NoticeKind.CHANGED | NoticeKind.REOPENED:
            return "REQUEST" if rsvp.has_seat else None
        case NoticeKind.CANCELLED | NoticeKind.POSTPONED:
            return "CANCEL" if rsvp.has_seat else None
        case NoticeKind.NO | NoticeKind.TAKEN_BACK | NoticeKind.DECLINED:
            return "CANCEL" if rsvp.turn > 1 else None
        case _:
            return None


# -- both ----------------------------------------------------------------------------------


def _waits_for_a_change(tx: WriteTx, job: NoticeJob) -> bool:
    """Put a reminder off until people were told of a change it builds on; tell whether."""
    if job.notice.kind is not NoticeKind.REMINDER:
        return False
    due, rsvp_id = outbox.attendees_to_tell(tx, job.notice.event_id, NEWS), job.notice.rsvp_id
    if due is None and rsvp_id is not None and notice_queue.news_waits(tx, rsvp_id):
        due = tx.now  # put since this one was taken in hand
    if due is None:
        return False
    notice_queue.retry(tx, job.id, max(due, tx.now) + SOON, "a change is told first")
    return True


async def _drop(deps: Deps, job: NoticeJob, reason: str) -> None:
    await deps.db.write(lambda tx: notice_queue.drop(tx, job.id, reason))


def _ways(deps: Deps, about: Briefing, stop: str | None = None) -> Ways:
    """Return the addresses this person may be given."""
    event, upcoming = about.event, about.next_event
    has_page = event.visibility.has_page and event.deleted_at is None
    return Ways(
        page=deps.urls.event(event.id) if has_page else None,
        own=_own_page(deps, about.rsvp, by_mail=stop is not None),
        calendar=deps.urls.event_ics(event.id) if has_page and event.takes_place else None,
        next_page=_page(deps, upcoming),
        stop=stop,
    )


def _own_page(deps: Deps, rsvp: Rsvp | None, *, by_mail: bool) -> str | None:
    if rsvp is None:
        return None
    # Whoever shows a link that was sent by mail reads the mailbox.
    return deps.urls.rsvp(deps.links.make("rsvp", rsvp.id, rsvp.email_turn if by_mail else 0))


def _page(deps: Deps, event: Event | None) -> str | None:
    return deps.urls.event(event.id) if event else None
