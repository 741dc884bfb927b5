"""What one check of `doctor` found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether all is well, why not, and what helps."""

    check: str
    ok: bool
    cause: str | None = None
    cure: str | None = None

    @classmethod
    def good(cls, check: str, remark: str | None = None) -> "Finding":
        """All is well, perhaps with a remark."""
        return cls(check, ok=True, cause=remark)

    @classmethod
    def bad(cls, check: str, cause: str, cure: str | None) -> "Finding":
        """Something is wrong."""
        return cls(check, ok=False, cause=cause, cure=cure or "see the documentation")
