"""The error catalogue: everything this program refuses or fails at, by name.

    ChapterError
    ├─ BadInput 400        FormInvalid 422 (NumberInvalid) · MalformedActivity · TooLarge 413
    │                      WrongMediaType 415
    ├─ NotAllowed 403      SignInNeeded 401 · SignatureInvalid 401 · SignatureMalformed 400
    │                      KeyUnusable 401 · SignerMismatch 401 · PeerBlocked
    ├─ Missing 404         Gone 410
    ├─ Conflict 409        AlreadyDone · AlreadyCancelled · ConfirmationNeeded
    ├─ Busy 503            DatabaseAway · KeyUnavailable · TooOften 429
    ├─ RemoteFailure 502   Unreachable · RemoteBusy · RemoteRefused · UnsafeAddress
    │                      NoDocument · BadDocument · RemoteGone · UnknownHandle
    │                      NotWelcome 403
    └─ OperatorError       SettingsInvalid · SchemaBehind · DatabaseUnusable

Raised at the rule, caught at the edge (`web.errors`, `workers.loop`, `cli.main`).
The message is for the log and the operator; `safe` is what a stranger may read.
"""

from typing import ClassVar


class ChapterError(Exception):
    """Something was refused or failed."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    safe: ClassVar[str] = "Something went wrong on our side. Please try again."
    retry: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, cure: str | None = None) -> None:
        """Say what went wrong (default: the class's own sentence) and how to mend it."""
        self.message = message or (type(self).__doc__ or self.code).strip().splitlines()[0]
        self.cure = cure
        super().__init__(self.message)


class BadInput(ChapterError):
    """The input can't be used."""

    code, status, safe = "bad-input", 400, "We could not use what you sent."


class FormInvalid(BadInput):
    """A field is missing or wrong."""

    code, status, safe = "form-invalid", 422, "Please check the marked fields."

    def __init__(
        self, message: str | None = None, *, cure: str | None = None, field: str = ""
    ) -> None:
        """Keep `field`: the name of the one that is wrong, where it is a single one."""
        self.field = field
        super().__init__(message, cure=cure)


class NumberInvalid(FormInvalid):
    """What was typed is no whole number, or out of range."""

    def __init__(self, field: str, *, least: int, most: int) -> None:
        """Keep what would have been right."""
        self.least, self.most = least, most
        cure = f"write a whole number from {least} to {most}, in digits"
        super().__init__("that is no such number", cure=cure, field=field)


class MalformedActivity(BadInput):
    """The document is not an activity we can read."""

    code, status, safe = "malformed-activity", 400, "The document could not be read."


class NotJson(MalformedActivity):
    """The bytes are no JSON object."""


class TooLarge(BadInput):
    """The body is larger than we take."""

    code, status, safe = "too-large", 413, "That is larger than we take."


class WrongMediaType(BadInput):
    """The body's media type is not one we take."""

    code, status, safe = "wrong-media-type", 415, "That media type is not taken here."


class NotAllowed(ChapterError):
    """The asker may not do this."""

    code, status, safe = "not-allowed", 403, "You may not do this."


class SignInNeeded(NotAllowed):
    """Only somebody who is signed in may do this."""

    code, status, safe = "sign-in-needed", 401, "Please sign in first."


class SignatureInvalid(NotAllowed):
    """The signature does not prove the sender."""

    code, status, safe = "signature-invalid", 401, "The signature could not be verified."


class KeyUnusable(SignatureInvalid):
    """The key that signed can't be used: it is gone, or its owner's document is no good."""

    code, safe = "key-unusable", "The key could not be used."


class SignatureMalformed(BadInput):
    """The signature's headers can't be parsed."""

    code, status, safe = "signature-malformed", 400, "The signature headers could not be read."


class SignerMismatch(NotAllowed):
    """The signer is not the actor of the activity."""

    code, status, safe = "signer-mismatch", 401, "The signer is not the actor."


class PeerBlocked(NotAllowed):
    """This server or actor is blocked here."""

    code, status, safe = "peer-blocked", 403, "This server does not take your messages."


class Missing(ChapterError):
    """There is nothing at this address."""

    code, status, safe = "not-found", 404, "There is nothing here."


class Gone(Missing):
    """What was here has been deleted."""

    code, status, safe = "gone", 410, "This has been deleted."


class Conflict(ChapterError):
    """The state does not allow this."""

    code, status, safe = "conflict", 409, "This can't be done now."


class AlreadyDone(Conflict):
    """This has been done before."""

    code, safe = "already-done", "This has been done already."


class AlreadyCancelled(Conflict):
    """The event is already cancelled."""

    code, safe = "already-cancelled", "This event has been cancelled already."


class ConfirmationNeeded(Conflict):
    """This is done only when it is confirmed."""

    code, safe = "confirmation-needed", "Please confirm that you mean it."


class Busy(ChapterError):
    """Too much to do at this moment."""

    code, status, retry = "busy", 503, True
    safe = "The server is busy. Please try again in a little while."


class DatabaseAway(Busy):
    """The database takes nothing at this moment: a lock, a full disk, a server that restarts."""

    code = "database-away"


class TooOften(Busy):
    """One visitor asks for more than people do."""

    code, status = "too-often", 429
    safe = "That was very often in a short time. Please try again in a few minutes."


class KeyUnavailable(Busy):
    """The sender's key could not be fetched at this moment."""

    code, safe = "key-unavailable", "Your key could not be fetched. Please try again later."


class RemoteFailure(ChapterError):
    """Another server did not do its part."""

    code, status, safe = "remote-failure", 502, "The other server did not answer as expected."


class Unreachable(RemoteFailure):
    """The other server can't be reached."""

    code, retry, safe = "unreachable", True, "The other server can't be reached right now."


class RemoteBusy(RemoteFailure):
    """The other server can't answer at this moment."""

    code, retry = "remote-busy", True

    def __init__(self, message: str | None = None, *, after: float | None = None) -> None:
        """Keep `after`: the seconds the other server asked us to wait, if it said."""
        self.after = after
        super().__init__(message)


class RemoteRefused(RemoteFailure):
    """The other server refused."""

    code = "remote-refused"

    def __init__(self, message: str | None = None, *, answer: int = 0) -> None:
        """Keep `answer`: the HTTP status the other server gave."""
        self.answer = answer
        super().__init__(message)


class RemoteGone(RemoteRefused):
    """What was asked for is gone at the other server (404 or 410)."""

    code = "remote-gone"


class NotWelcome(RemoteFailure):
    """We ask nothing of this server: it is blocked here, or not on the list."""

    code, status, safe = "not-welcome", 403, "This chapter does not deal with that server."


class UnsafeAddress(RemoteFailure):
    """The address leads where this server must not connect."""

    code, status, safe = "unsafe-address", 400, "That address can't be used."


class NoDocument(RemoteFailure):
    """What the other server sent is no document: half of one, or a page in its place."""

    code, retry = "no-document", True


class BadDocument(RemoteFailure):
    """The other server's document is not what it claims to be."""

    code = "bad-document"


class UnknownHandle(RemoteFailure):
    """Nobody was found under this handle."""

    code, status, safe = "unknown-handle", 404, "Nobody was found under that handle."


class OperatorError(ChapterError):
    """The data or the settings are unusable."""

    code = "operator"


class SettingsInvalid(OperatorError):
    """A setting is unknown or unreadable."""

    code = "settings-invalid"


class SchemaBehind(OperatorError):
    """The database's schema is not the one this program needs."""

    code = "schema-behind"


class DatabaseUnusable(OperatorError):
    """The database can't be opened."""

    code = "database-unusable"
