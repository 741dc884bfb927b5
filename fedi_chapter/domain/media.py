"""Pictures we serve: re-encoded, free of metadata, with words for those who don't see them."""

from dataclasses import dataclass
from typing import NewType

MediaId = NewType("MediaId", str)

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}


@dataclass(frozen=True, slots=True)
class Media:
    """One stored image; sizes in pixels and bytes; `focus` from -1 to 1, right and up."""

    id: MediaId
    media_type: str
    width: int
    height: int
    size: int
    alt: str
    blurhash: str | None = None
    focus: tuple[float, float] | None = None

    @property
    def file_name(self) -> str:
        """Name of the file in the media folder: the id and the type's extension."""
        return f"{self.id}.{EXTENSIONS[self.media_type]}"
