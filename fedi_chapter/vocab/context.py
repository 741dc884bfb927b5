"""The `@context` of what we send, as data: one inline map of terms per kind of document.

Called by the writers of this room. Only ActivityStreams and security/v1 are named by
address, because every peer has those at hand; any other address a peer would have to fetch
(Fedify fails offline). `location` is never defined here: it would replace ActivityStreams'
own meaning for the peers that process JSON-LD (Friendica).
"""

from collections.abc import Mapping

from fedi_chapter.vocab.shape import Document, mapping
from fedi_chapter.vocab.terms import AS, SECURITY

Terms = Mapping[str, object]


def _reference(term: str) -> dict[str, str]:
    return {"@id": term, "@type": "@id"}


PICTURE: Terms = {
    "toot": "http://joinmastodon.org/ns#",
    "blurhash": "toot:blurhash",
    "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
}
POST: Terms = {
    **PICTURE,
    "Hashtag": "as:Hashtag",
    "sensitive": "as:sensitive",
    "ostatus": "http://ostatus.org#",
    "conversation": "ostatus:conversation",
    "gts": "https://gotosocial.org/ns#",
    "interactionPolicy": _reference("gts:interactionPolicy"),
    "canQuote": _reference("gts:canQuote"),
    "automaticApproval": _reference("gts:automaticApproval"),
}
POLL: Terms = {**POST, "votersCount": "toot:votersCount"}
PLACE: Terms = {
    "sc": "http://schema.org#",
    "PostalAddress": "sc:PostalAddress",
    "VirtualLocation": "sc:VirtualLocation",
    "address": "sc:address",
    "streetAddress": "sc:streetAddress",
}
EVENT: Terms = {
    **POST,
    **PLACE,
    "inLanguage": "sc:inLanguage",
    "uuid": "sc:identifier",
    "category": "sc:category",
    "maximumAttendeeCapacity": "sc:maximumAttendeeCapacity",
    "remainingAttendeeCapacity": "sc:remainingAttendeeCapacity",
    "ical": "http://www.w3.org/2002/12/cal/ical#",
    "status": "ical:status",
    "pt": "https://joinpeertube.org/ns#",
    "commentsEnabled": "pt:commentsEnabled",
    "mz": "https://joinmobilizon.org/ns#",
    "joinMode": "mz:joinMode",
    "participantCount": "mz:participantCount",
    "repliesModerationOption": "mz:repliesModerationOption",
    "isOnline": "mz:isOnline",
    "timezone": "mz:timezone",
    "externalParticipationUrl": "mz:externalParticipationUrl",
    "anonymousParticipationEnabled": "mz:anonymousParticipationEnabled",
    "ev": "https://w3id.org/fep/8a8e/",
    "displayEndTime": "ev:displayEndTime",
    "eventStatus": {"@id": "ev:eventStatus", "@type": "@vocab"},
    "EventScheduled": "ev:EventScheduled",
    "EventCancelled": "ev:EventCancelled",
    "EventPostponed": "ev:EventPostponed",
    "EventRescheduled": "ev:EventRescheduled",
    "EventMovedOnline": "ev:EventMovedOnline",
    "EventTentative": "ev:EventTentative",
    "previousStartTime": "ev:previousStartTime",
    "organizers": _reference("ev:organizers"),
    "attendees": _reference("ev:attendees"),
    "isBannerImage": "ev:isBannerImage",
}
ACTOR: Terms = {
    **PICTURE,
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "featured": _reference("toot:featured"),
    "attributionDomains": _reference("toot:attributionDomains"),
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "alsoKnownAs": _reference("as:alsoKnownAs"),
    "movedTo": _reference("as:movedTo"),
    "sc": "http://schema.org#",
    "PropertyValue": "sc:PropertyValue",
    "value": "sc:value",
    "ev": "https://w3id.org/fep/8a8e/",
    "upcomingEvents": _reference("ev:upcomingEvents"),
    "mz": "https://joinmobilizon.org/ns#",
    "events": _reference("mz:events"),
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "assertionMethod": {
        "@id": "https://w3id.org/security#assertionMethod",
        "@type": "@id",
        "@container": "@set",
    },
    "Multikey": "https://w3id.org/security#Multikey",
    "controller": _reference("https://w3id.org/security#controller"),
    "publicKeyMultibase": "https://w3id.org/security#publicKeyMultibase",
}
QUOTE: Terms = {
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "gts": "https://gotosocial.org/ns#",
    "interactingObject": _reference("gts:interactingObject"),
    "interactionTarget": _reference("gts:interactionTarget"),
}
NO_TERMS: Terms = {}


def in_context(terms: Terms, members: Mapping[str, object]) -> Document:
    """Return a document with `members` and the context its `terms` need.

    A member that is None is left out: Mobilizon crashes on null where it expects nothing.
    """
    context = [AS, SECURITY, dict(terms)] if terms else [AS, SECURITY]
    return {"@context": context, **present(members)}


def in_thread(uri: str) -> Document:
    """Return the members that say which thread a thing stands in, by the id of its replies.

    Some group by `conversation`, some by `context` (FEP-7888); microblog.pub wants both.
    """
    return {"conversation": uri, "context": uri}


def present(members: Mapping[str, object]) -> Document:
    """Return `members` without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def enclose(members: Mapping[str, object], *inner: Document) -> Document:
    """Return a document around `inner` ones, in a context with the terms of all of them.

    The inner ones lose their own contexts by `bare`; where they stand is the caller's.
    """
    terms: dict[str, object] = {}
    for each in inner:
        terms |= mapping(each.get("@context"))
    return in_context(terms, members)


def bare(inner: Document) -> Document:
    """Return a document without its own context, to stand inside another one."""
    return {name: value for name, value in inner.items() if name != "@context"}
