"""Typed, frozen settings from the environment and `chapter.toml`; no global instance.

Read once by the command line and handed down. The environment wins over the file. An
unknown or unreadable setting stops the start, and says how to mend it.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from fedi_chapter.core.errors import SettingsInvalid
from fedi_chapter.core.names import ascii_host
from fedi_chapter.core.smtp import SmtpServer, parse_smtp_url

PREFIX = "FEDI_CHAPTER_"
FILE_NAME = "chapter.toml"
DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """Return a web origin in its one spelling: lower case, no path, no port that goes unsaid.

    Raises:
        ValueError: it is none, or says more than where.

    """
    parts = urlsplit(address.strip().lower())
    port, host = parts.port, parts.hostname
    if host and not host.isascii():
        host = ascii_host(host)
    says_more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in DEFAULT_PORTS or not host or says_more:
        raise ValueError("an origin such as https://chapter.example.org, without a path")
    name = f"[{host}]" if ":" in host else host
    is_default = port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{name}" if is_default else f"{parts.scheme}://{name}:{port}"


def _words(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _networks(value: object) -> object:
    """Read addresses and networks here: of a union the complaint would name every branch."""
    words = _words(value)
    if not isinstance(words, list):
        return words
    return tuple(_network(str(word)) for word in words)


def _network(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word)
    except ValueError as error:
        raise ValueError(f"{word} is no address and no network such as 10.0.0.0/8") from error


def _check_port(address: str) -> None:
    try:
        _ = urlsplit(address).port
    except ValueError as error:
        raise ValueError("its port is a number from 1 to 65535") from error


def _hosts(value: object) -> object:
    """Read names of hosts, each in its one spelling; one that is none fits no server."""
    words = _words(value)
    return [ascii_host(each) or each for each in words] if isinstance(words, list) else words


Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_hosts)]


class Settings(BaseSettings):
    """All settings. Names in the environment carry the prefix FEDI_CHAPTER_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data: Path = Path("data")
    """Data folder: database, media, keys."""
    base_url: str | None = None
    """Public origin without a trailing slash; default: https and the chapter's domain."""
    database_url: str | None = None
    """SQLite in the data folder unless given."""
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)
    ] = ()
    """Addresses whose forwarded headers count."""
    federation: Literal["open", "hold", "allowlist"] = "open"
    """Whom we deal with: everyone, new peers only after an organizer's yes, or a list."""
    replies: Literal["followers", "everyone", "nobody"] = "followers"
    """Whose replies show at once; those of others are held for an organizer."""
    event_servers: Hosts = ()
    """Hosts that get the Event whatever their NodeInfo says."""
    face_servers: Hosts = ()
    """Hosts that get the microblog face whatever their NodeInfo says."""
    smtp_url: str | None = Field(default=None, repr=False)
    """Where mail goes out, and in whose name; without it mail is off."""
    media_quota_mb: int = Field(default=1024, ge=1)
    """Stored media, in megabytes."""
    attendee_days: int = Field(default=30, ge=0, le=90)
    """Days after an event until attendee identities are erased."""
    source_url: str | None = None
    """Where the source code of this server can be had; named on the page about it."""
    extra_ca_file: Path | None = None
    """Further certificate authorities trusted for outgoing HTTPS (PEM)."""
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    danger_allow_private_network: bool = False
    """Permit http, any port and private addresses, in and out: demos and tests only."""

    @field_validator("base_url")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        return None if value is None else origin_of(value)

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite", "postgresql")):
            raise ValueError("sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME")
        if value is not None and value.startswith("postgresql"):
            _check_port(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: str | None) -> str | None:
        if value is not None:
            parse_smtp_url(value)
        return value

    @field_validator("source_url")
    @classmethod
    def _is_page(cls, value: str | None) -> str | None:
        if value is not None and not (
            value.startswith(("https://", "http://")) and urlsplit(value).hostname
        ):
            raise ValueError("the address of a page, such as https://code.example.org/chapter")
        return value

    @field_validator("extra_ca_file")
    @classmethod
    def _is_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what `load` read from the file."""
        return env_settings, init_settings

    @property
    def database(self) -> str:
        """The database's URL; SQLite in the data folder by default."""
        # In an address ? and % mean something; in the name of a folder they don't.
        file = quote(str(self.data / "chapter.db"))
        return self.database_url or f"sqlite+aiosqlite:///{file}"

    @property
    def smtp(self) -> SmtpServer | None:
        """Where mail goes out; None when it is off."""
        return parse_smtp_url(self.smtp_url) if self.smtp_url else None

    @property
    def holds_followers(self) -> bool:
        """Whether a new follower waits for an organizer's yes."""
        return self.federation == "hold"

    @property
    def media_dir(self) -> Path:
        """Where stored images lie."""
        return self.data / "media"

    @property
    def cards_dir(self) -> Path:
        """Where pictures for previews of links lie; they can be drawn anew at any time."""
        return self.data / "cards"

    @property
    def media_quota(self) -> int:
        """How many bytes the stored images may take."""
        return self.media_quota_mb << 20

    @property
    def secret_file(self) -> Path:
        """The file with the key that seals private keys in the database."""
        return self.data / "secret.key"


def load(data: Path | None = None) -> Settings:
    """Read the settings for the data folder `data` (default: FEDI_CHAPTER_DATA, else ./data).

    Raises:
        SettingsInvalid: a setting is unknown or unreadable; names it and the cure.

    """
    folder = data or Path(os.environ.get(f"{PREFIX}DATA", "data"))
    fields = Settings.model_fields
    unknown = [name for name in os.environ if _is_unknown(name, set(fields))]
    if unknown:
        raise SettingsInvalid(
            f"unknown setting {', '.join(sorted(unknown))} in the environment",
            cure=f"the settings are {', '.join(PREFIX + name.upper() for name in fields)}",
        )
    try:
        settings = Settings(**_from_file(folder / FILE_NAME))
    except ValidationError as error:
        raise SettingsInvalid("; ".join(_complaints(error)), cure=_cure(error)) from error
    return settings.model_copy(update={"data": folder})


def keep_database(settings: Settings) -> None:
    """Write where the database is into `chapter.toml`: a variable may be forgotten next time.

    The file is then for its owner alone, for the address may hold a password.

    Raises:
        SettingsInvalid: the file names another database.

    """
    path = settings.data / FILE_NAME
    known = _from_file(path).get("database_url")
    if settings.database_url is None or known == settings.database_url:
        return
    if known is not None:
        raise SettingsInvalid(
            f"DATABASE_URL is one database in the environment and another one in {path}",
            cure="leave only the right one",
        )
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    # A JSON string is a TOML string as well.
    line = f"database_url = {json.dumps(settings.database_url, ensure_ascii=False)}\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(line + text)


def _is_unknown(name: str, fields: set[str]) -> bool:
    return name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in fields


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise SettingsInvalid(
            f"this user may not read {path.absolute()}",
            cure="run the command as the user who owns the data",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"{path} can't be read: {error}", cure="mend or remove it") from error
    return {name.lower(): value for name, value in values.items()}


def _complaints(error: ValidationError) -> list[str]:
    return [
        f"setting {'.'.join(str(part) for part in item['loc']).upper()}: "
        f"{'unknown' if item['type'] == 'extra_forbidden' else _plain(item['msg'])}"
        for item in error.errors()
    ]


def _plain(complaint: str) -> str:
    return complaint.removeprefix("Value error, ")


def _cure(error: ValidationError) -> str:
    if any(item["type"] == "extra_forbidden" for item in error.errors()):
        return f"the settings are {', '.join(Settings.model_fields)}"
    return f"correct it in the environment ({PREFIX}…) or in {FILE_NAME}"
