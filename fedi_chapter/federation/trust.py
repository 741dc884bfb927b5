"""May this signer say this? One table of named rules, each with the attack it stops.

Called by `federation.inbox` after the signature was verified. Pure: it decides from the
activity, the key's owner and our own addresses alone (FEP-fe34). Whether something was seen
before is no judgement but a unique key in the store; who is blocked is asked of the store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.shape import same_host


class Verdict(Enum):
    """What becomes of a verified activity."""

    TAKE = "take"
    """It is proved: process it."""
    REFETCH = "refetch"
    """Only a hint: its object must be fetched from its origin before it counts."""
    DROP = "drop"
    """Answer 202 and forget it: a retry would change nothing."""
    MISMATCH = "mismatch"
    """401: the signer speaks for somebody else."""
    MALFORMED = "malformed"
    """400: it names what it never can."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to take less than the whole word of a signer."""

    name: str
    stops: str
    """The attack this rule stops."""
    verdict: Verdict
    breaks: Callable[[act.Activity, str, Urls], bool]
    """Tells whether (activity, key owner, our addresses) break the rule."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the name of the rule that led to it, None when all rules hold."""

    verdict: Verdict
    rule: str | None = None


def judge(activity: act.Activity, signer: str, urls: Urls) -> Judgement:
    """Return what becomes of `activity`, signed with a key of `signer`: the first broken rule."""
    for rule in RULES:
        if rule.breaks(activity, signer, urls):
            return Judgement(rule.verdict, rule.name)
    return Judgement(Verdict.TAKE)


FORWARDED = (
    act.CreateNote,
    act.UpdateNote,
    act.CreateEvent,
    act.UpdateEvent,
    act.CreateByReference,
    act.DeleteObject,
    act.DeleteActor,
)
"""What Mastodon forwards of others, and what a fetch from the origin can prove."""


def _ours(urls: Urls, uri: str) -> bool:
    """Tell whether an id lies on our host, however its host is spelled (OBJ-18)."""
    return same_host(uri, urls.base)


def _from_ourselves(activity: act.Activity, _: str, urls: Urls) -> bool:
    return _ours(urls, activity.actor) or (activity.id is not None and _ours(urls, activity.id))


def _named_elsewhere(activity: act.Activity, _: str, __: Urls) -> bool:
    return activity.id is not None and not same_host(activity.id, activity.actor)


def _speaks_for_another(activity: act.Activity, signer: str, _: Urls) -> bool:
    return signer != activity.actor and not isinstance(activity, FORWARDED)


def _forwards(activity: act.Activity, signer: str, _: Urls) -> bool:
    return signer != activity.actor


def _writes_ours(activity: act.Activity, _: str, urls: Urls) -> bool:
    match activity:
        case act.CreateNote(note=note) | act.UpdateNote(note=note):
            return _ours(urls, note.id) or _ours(urls, note.attributed_to)
        case act.CreateEvent(document=document) | act.UpdateEvent(document=document):
            return any(_ours(urls, uri) for uri in (document.event.uri, *document.attributed_to))
        case act.CreateByReference(object=uri) | act.DeleteObject(object=uri):
            return _ours(urls, uri)
    return False


def _puts_words_in_a_mouth(activity: act.Activity, _: str, __: Urls) -> bool:
    match activity:
        case act.CreateNote(note=note) | act.UpdateNote(note=note):
            return note.attributed_to != activity.actor or not same_host(note.id, activity.actor)
        case act.QuoteRequest(instrument=instrument, instrument_author=author):
            return author not in (None, activity.actor) or not same_host(instrument, activity.actor)
    return False


def _event_of_another(activity: act.Activity, _: str, __: Urls) -> bool:
    match activity:
        case act.CreateEvent(document=document) | act.UpdateEvent(document=document):
            author = document.event.actor_uri
            return author != activity.actor or not same_host(document.event.uri, author)
    return False


def _changes_another(activity: act.Activity, _: str, __: Urls) -> bool:
    match activity:
        case act.UpdateActor(subject=subject) | act.Move(object=subject):
            return subject != activity.actor
        case act.DeleteObject(object=uri):
            return not same_host(uri, activity.actor)
        case act.FollowAnswer(target=str(target)):
            return target != activity.actor
    return False


RULES: tuple[Rule, ...] = (
    Rule(
        "not from ourselves",
        "local ids let in from outside: a stranger's document taken for one of ours (OBJ-05)",
        Verdict.MALFORMED,
        _from_ourselves,
    ),
    Rule(
        "id on the actor's host",
        "another server's activity id used up in the ledger, so that the real one is ignored",
        Verdict.MALFORMED,
        _named_elsewhere,
    ),
    Rule(
        "signer is the actor",
        "an attacker's valid key under a victim's name (SIG-09, SIG-10)",
        Verdict.MISMATCH,
        _speaks_for_another,
    ),
    Rule(
        "ours is written here only",
        "our events and posts changed or deleted by letter (OBJ-05, OBJ-21)",
        Verdict.DROP,
        _writes_ours,
    ),
    Rule(
        "the forwarded is fetched",
        "a forged post passed on with a good signature of the forwarder (OBJ-11)",
        Verdict.REFETCH,
        _forwards,
    ),
    Rule(
        "the author is the actor",
        "words put into another's mouth: attributedTo a victim (OBJ-01, OBJ-02)",
        Verdict.DROP,
        _puts_words_in_a_mouth,
    ),
    Rule(
        "another's event is fetched",
        "an event in a victim's name; yet Mobilizon's members publish for their group (OBJ-02)",
        Verdict.REFETCH,
        _event_of_another,
    ),
    Rule(
        "only the owner changes it",
        "profiles changed, posts deleted, follows answered by a third party (OBJ-06, OBJ-07)",
        Verdict.DROP,
        _changes_another,
    ),
)
