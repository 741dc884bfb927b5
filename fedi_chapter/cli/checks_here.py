"""What `doctor` can check on this machine alone: settings, data, keys, disk, queues, mail."""

import tempfile
from typing import Literal

from fedi_chapter.cli.finding import Finding
from fedi_chapter.cli.frame import DANGER, Setup, chapter_of
from fedi_chapter.core import disk
from fedi_chapter.core.errors import ChapterError
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.delivery import QueueStatus
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.settings import Settings
from fedi_chapter.sig.sign import sign
from fedi_chapter.sig.verify import Request, check, claim
from fedi_chapter.store import deliveries, instance, local_actors, local_keys, parked
from fedi_chapter.store.tx import ReadTx, WriteTx

OLD = 24 * 3600
"""Seconds after which a waiting delivery is a bad sign."""
SCHEMES: tuple[Literal["cavage"], Literal["rfc9421"]] = ("cavage", "rfc9421")


def check_settings(setup: Setup) -> tuple[Settings | None, Finding]:
    """Read the settings."""
    try:
        settings = setup.settings()
    except ChapterError as error:
        return None, Finding.bad("settings", error.message, error.cure)
    remark = DANGER if settings.danger_allow_private_network else None
    return settings, Finding.good("settings", remark)


async def check_data(deps: Deps) -> list[Finding]:
    """Check database, disk, media folder, keys, signatures, queues and mail."""
    return [
        await _database(deps),
        _disk(deps),
        _media(deps),
        *await _signatures(deps),
        await _queue(deps),
        await _set_aside(deps),
        await _mail(deps),
    ]


async def _database(deps: Deps) -> Finding:
    def write(tx: WriteTx) -> None:
        # Writing what is there already proves that writing works and changes nothing.
        instance.change_base(tx, deps.urls.base)

    try:
        await deps.db.write(write)
    except Exception as error:  # any driver's way of saying no is what this check is for
        return Finding.bad(
            "database", f"it can't be written: {error}", "check the folder's owner and the disk"
        )
    return Finding.good("database")


def _disk(deps: Deps) -> Finding:
    folder = deps.settings.data
    if complaint := disk.shortage(folder):
        return Finding.bad("disk", complaint, "make room on it; what waits goes on by itself then")
    return Finding.good("disk", f"{disk.free_megabytes(folder)} MB free")


def _media(deps: Deps) -> Finding:
    folder = deps.settings.media_dir
    try:
        folder.mkdir(mode=0o750, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding.good("media folder")
    except OSError as error:
        return Finding.bad(
            "media folder", f"{folder} can't be written: {error.strerror}", "mend its owner"
        )


async def _signatures(deps: Deps) -> list[Finding]:
    """Sign and verify a request in both styles, with the key as it is stored."""
    actors = await deps.db.read(lambda tx: local_actors.everyone(tx))
    findings = []
    for actor in actors:
        try:
            await _loop_back(deps, actor)
        except ChapterError as error:
            findings.append(
                Finding.bad(
                    f"key of {actor.handle}",
                    error.message,
                    error.cure or "restore secret.key from a backup, or run: key rotate",
                )
            )
        else:
            findings.append(Finding.good(f"key of {actor.handle}"))
    return findings


async def _loop_back(deps: Deps, actor: LocalActor) -> None:
    stored = await deps.db.read(lambda tx: local_keys.current(tx, actor.id, "rsa"))
    if stored is None:
        raise ChapterError("it has no key", cure="restore a backup")
    key_id = deps.urls.key(actor, stored.fragment)
    private = deps.keys.unseal(key_id, "rsa", stored.private_sealed)
    public = RemoteKey(key_id, deps.urls.actor(actor), "rsa", stored.public_pem.encode())
    for scheme in SCHEMES:
        url, now = f"{deps.urls.actor(actor)}/outbox", deps.clock.now()
        headers = sign(scheme, private, method="GET", url=url, at=now)
        request = Request(
            method="GET",
            target=url.removeprefix(deps.urls.base),
            headers=tuple(
                (name.lower().encode(), value.encode()) for name, value in headers.items()
            ),
            body=b"",
            base=deps.urls.base,
        )
        check(claim(request, now=now), public)


async def _queue(deps: Deps) -> Finding:
    now = await deps.db.read(_status)
    if now.oldest_seconds > OLD:
        return Finding.bad(
            "queue",
            f"the oldest delivery waits for {now.oldest_seconds / 3600:.0f} hours",
            "is the server or a worker running? `queue list` shows the errors",
        )
    remark = f"{now.waiting} waiting, {now.failed} failed"
    return Finding.good("queue", remark if now.waiting or now.failed else None)


def _status(tx: ReadTx) -> QueueStatus:
    chapter_of(tx)
    return deliveries.status(tx)


async def _set_aside(deps: Deps) -> Finding:
    """Look for what no try could finish."""
    aside = await deps.db.read(parked.counts)
    lost = f"lost notices: {aside.lost} (they failed, and we no longer know whom they were for)"
    remark = lost if aside.lost else None
    if not aside.to_retry:
        return Finding.good("jobs set aside", remark)
    jobs = (
        f"{aside.inbox} of what came in, {aside.outbox} of what happened here, "
        f"{aside.notices} of what people were to be told"
    )
    return Finding.bad(
        "jobs set aside",
        f"{jobs}; {remark}" if remark else jobs,
        "`queue list --state parked` shows why; once that is mended, run: queue retry",
    )


async def _mail(deps: Deps) -> Finding:
    """Sign in at the mail server as for a letter, and send none."""
    if deps.mailer is None:
        return Finding.good("mail", "mail is off (SMTP_URL is not set); everything else works")
    try:
        await deps.mailer.probe()
    except ChapterError as error:
        return Finding.bad(
            "mail",
            error.message,
            "check host, port, user and password in SMTP_URL, and that the mail server is up; "
            "one that is not this machine needs a certificate we trust (EXTRA_CA_FILE)",
        )
    return Finding.good("mail", f"as {deps.mailer.sender}")
