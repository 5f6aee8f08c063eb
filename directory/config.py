"""Every setting: name, type, default, help, whether it is a secret. Read from the environment and ``.env``.

Names carry the prefix ``VEIVISER_``, but for ``PORT`` and ``WEB_CONCURRENCY``, which hosting platforms set.
"""

from __future__ import annotations

import os
import re
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from directory.errors import UnsafeSettings

SEED_DIR = Path(__file__).resolve().parent.parent / "seed"
# Where Linux keeps files in memory; a folder of ours there is used only where it is of this very user.
MEMORY = Path("/dev/shm")  # nosec B108

PREFIX = "VEIVISER_"
ENV_FILE = ".env"
DEVELOPMENT_KEY = "everyone-knows-this-key-it-is-for-development-only"
DEVELOPMENT_ENCRYPTION_KEY = urlsafe_b64encode(DEVELOPMENT_KEY[:32].encode()).decode()
_RATE = r"[1-9]\d*/([1-9]\d* )?(second|minute|hour|day)"
SHORTEST_KEY = 32  # characters; `python -c "import secrets; print(secrets.token_urlsafe(32))"` gives 43


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a value that does not fit may be a secret in the wrong place
        populate_by_name=True,
    )

    environment: Literal["development", "production"] = Field(
        "development",
        description="`production` refuses to start without real secrets and an https `BASE_URL`",
    )
    data_dir: Path = Field(
        Path("var"), description="Folder of ours alone (0700): the SQLite database, the search index, metrics"
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="Where the directory is kept: SQLite in the data directory unless set; "
        "PostgreSQL by `postgresql+psycopg://user:password@host/name`",
    )
    search_backend: Literal["whoosh", "postgres"] = Field(
        "whoosh", description="What searches; this version has `whoosh` only and refuses `postgres`"
    )
    secret_key: SecretStr | None = Field(
        None,
        description=f"Signs what we hand out and take back; {SHORTEST_KEY} characters or more in production",
    )
    encryption_keys: SecretStr | None = Field(
        None,
        description="What encrypts the content of referrals: one or more keys separated by `,`, the newest first; "
        '`python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"` makes one',
    )
    oidc_issuer: str | None = Field(
        None,
        description="Where people may sign in by OpenID Connect: the issuer's address, found out about by discovery",
    )
    oidc_client_id: str | None = Field(None, description="What the issuer knows this installation by")
    oidc_client_secret: SecretStr | None = Field(None, description="And what it proves that by")
    smtp_url: SecretStr | None = Field(
        None,
        description="Who takes our mail: `smtp://host:587` (STARTTLS where offered), `smtps://user:password@host`, "
        "or `file:/folder` for one file a mail; unset, none is sent in production, and in development it is "
        "written to `mail` in the data directory",
    )
    mail_from: str | None = Field(
        None, description="The address that our mail comes from; needed to send any"
    )
    webhooks_to_this_machine: bool = Field(
        False,
        description="Whether webhooks may go to this machine and over http, for trying out; production refuses it",
    )
    retention_unanswered_days: int = Field(
        60, ge=7, le=365, description="A referral that nobody has answered for so long ends as expired"
    )
    retention_draft_days: int = Field(
        30, ge=1, le=365, description="A draft that nobody has touched for so long ends as expired"
    )
    retention_content_days: int = Field(
        90, ge=0, le=3650, description="What was written of a referral is erased so long after its end"
    )
    retention_row_months: int = Field(
        24, ge=1, le=120, description="So long after its end a referral is nothing but counts"
    )
    retention_backup_days: int = Field(
        30,
        ge=1,
        le=365,
        description="How old a backup may be to be restored; what is erased is remembered so long",
    )
    host: str = Field("127.0.0.1", description="The address to listen on; `0.0.0.0` for all")
    port: int = Field(8000, ge=1, le=65535, validation_alias="PORT", description="The port to listen on")
    base_url: str = Field(
        default_factory=lambda known: f"http://127.0.0.1:{known['port']}",
        description="The address that people reach this installation at, without a final slash; "
        "`http://127.0.0.1:PORT` unless set",
    )
    default_language: str = Field(
        "nb", description="BCP 47 code of the language of texts when the caller asks for none that we have"
    )
    geocoder: Literal["off", "nominatim"] = Field(
        "off",
        description="Finds the point of an address entered without one; never used for what a client types",
    )
    geocoder_contact: str | None = Field(
        None,
        description="Mail address or web page told to the geocoder, as its terms demand; for `nominatim`",
    )
    quick_exit_url: str = Field(
        "https://www.yr.no/",
        description="Where the quick exit of clients' pages leads: a page that shows nothing personal",
    )
    map_tiles_url: str | None = Field(
        None,
        description="Where map tiles are fetched from, by us and for all, such as "
        "`https://tiles.example.org/{z}/{x}/{y}.png`; unset, maps are our own drawings",
    )
    map_tiles_attribution: str | None = Field(
        None, description="Whom the map tiles are from, as their terms want it said; needed with any"
    )
    rate_limits: str = Field(
        "120/10 second;1200/10 minute",
        description="How much one client may ask of each worker, `number/time` separated by `;`, or `off`; "
        "programs on this machine that ask directly are not counted",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="How many proxies of ours stand in front and add to `X-Forwarded-For`"
    )
    metrics_public: bool = Field(
        False, description="Whether `/metrics` answers others than a direct caller from this machine"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged; one line a request is `info`"
    )
    web_concurrency: int = Field(
        2, ge=1, le=64, validation_alias="WEB_CONCURRENCY", description="How many worker processes serve"
    )

    @field_validator("base_url")
    @classmethod
    def _a_base_url_is_a_plain_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("takes a web address such as https://help.example.org")
        return value.rstrip("/")

    @field_validator("encryption_keys")
    @classmethod
    def _encryption_keys_are_of_32_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        for key in value.get_secret_value().split(",") if value else ():
            try:
                good = len(urlsafe_b64decode(key.strip().encode())) == 32
            except ValueError:
                good = False
            if not good:
                raise ValueError("takes keys of 32 bytes as URL-safe base 64, separated by a comma")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _an_issuer_is_an_https_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none")
        if parts.query or parts.fragment or parts.username or not parts.hostname:
            raise ValueError("takes an address such as https://login.example.org")
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("takes an https address")
        return value.rstrip("/") if value else value

    @field_validator("quick_exit_url")
    @classmethod
    def _the_quick_exit_is_an_https_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise ValueError("takes an https address such as https://www.yr.no/")
        return value

    @field_validator("map_tiles_url")
    @classmethod
    def _tiles_have_a_place_for_each_number(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none/{z}{x}{y}")
        named = set(re.findall(r"{(\w*)}", value or "{z}{x}{y}"))
        if parts.scheme not in ("http", "https") or not parts.hostname or named != {"z", "x", "y"}:
            raise ValueError("takes an address that holds {z}, {x} and {y}")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_goes_to_a_server_or_a_folder(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and not (
            (parts.scheme in ("smtp", "smtps") and parts.hostname) or (parts.scheme == "file" and parts.path)
        ):
            raise ValueError("takes smtp://host:port, smtps://user:password@host or file:/folder")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_comes_from_an_address(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", value):
            raise ValueError("takes a mail address")
        return value

    @field_validator("default_language")
    @classmethod
    def _a_language_is_a_bcp_47_code(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
            raise ValueError("takes a BCP 47 code such as nb or en")
        return value

    @field_validator("database_url")
    @classmethod
    def _a_database_is_sqlite_or_postgresql(cls, value: str | None) -> str | None:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("takes sqlite:///path or postgresql+psycopg://user:password@host/name")
        return value

    @field_validator("rate_limits")
    @classmethod
    def _a_rate_limit_is_a_number_and_a_time(cls, value: str) -> str:
        if value != "off" and not re.fullmatch(rf"{_RATE}(;{_RATE})*", value):
            raise ValueError("takes off, or such as 120/10 second;1200/10 minute")
        return value

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database. May hold a password: never print it."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'directory.db'}"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"

    @property
    def metrics_dir(self) -> Path:
        """In memory, where the system has such a folder: a worker that writes its numbers to a full disk is killed."""
        name = f"veiviser-{os.geteuid()}-{sha256(bytes(self.data_dir.resolve())).hexdigest()[:16]}"
        try:
            found = os.lstat(MEMORY / name)
            usable = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        except OSError:
            usable = os.access(MEMORY, os.W_OK)
        return MEMORY / name if usable else self.data_dir / "metrics"

    @property
    def signing_key(self) -> str:
        return self.secret_key.get_secret_value() if self.secret_key else DEVELOPMENT_KEY

    @property
    def all_encryption_keys(self) -> tuple[str, ...]:
        """The newest first. There is always one."""
        given = (
            self.encryption_keys.get_secret_value() if self.encryption_keys else DEVELOPMENT_ENCRYPTION_KEY
        )
        return tuple(key.strip() for key in given.split(","))

    def ensure_data_dir(self) -> Path:
        """The data directory, made (0700) if it does not exist."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.data_dir


def environment_name(field: str) -> str:
    """The name a setting is read by from the environment: data_dir -> VEIVISER_DATA_DIR, port -> PORT."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


def is_secret(info: FieldInfo) -> bool:
    """Whether the value must never be shown."""
    return not info.repr or "SecretStr" in str(info.annotation)


def unsafe(settings: Settings) -> dict[str, str]:
    """What must be mended before these settings may serve: name in the environment -> what it takes."""
    wrong: dict[str, str] = {}
    if settings.search_backend != "whoosh":
        wrong["search_backend"] = "takes whoosh; this version cannot search with postgres yet"
    if settings.geocoder == "nominatim" and not settings.geocoder_contact:
        wrong["geocoder_contact"] = "takes a mail address or web page, which Nominatim's terms demand"
    if settings.oidc_issuer and not settings.oidc_client_id:
        wrong["oidc_client_id"] = "takes what the issuer knows this installation by"
    if settings.environment == "production":
        if DEVELOPMENT_ENCRYPTION_KEY in settings.all_encryption_keys:
            wrong["encryption_keys"] = "takes keys of your own in production"
        if len(settings.signing_key) < SHORTEST_KEY or settings.signing_key == DEVELOPMENT_KEY:
            wrong["secret_key"] = f"takes {SHORTEST_KEY} random characters or more in production"
        if not settings.base_url.startswith("https://"):
            wrong["base_url"] = (
                "takes the https address that people reach this installation at, in production"
            )
        if settings.webhooks_to_this_machine:
            wrong["webhooks_to_this_machine"] = "takes false in production"
    if settings.map_tiles_url and not settings.map_tiles_attribution:
        wrong["map_tiles_attribution"] = "takes whom the map tiles are from, as their terms want it said"
    if settings.smtp_url and not settings.mail_from:
        wrong["mail_from"] = "takes the address that our mail comes from"
    return {environment_name(field): message for field, message in wrong.items()}


def refuse_unsafe(settings: Settings) -> Settings:
    """The same settings, or UnsafeSettings that names each one that must be mended."""
    if wrong := unsafe(settings):
        raise UnsafeSettings("; ".join(f"{name} {message}" for name, message in wrong.items()))
    return settings


def read_settings() -> Settings:
    """The settings of this machine. Raises UnsafeSettings that names what does not fit and shows no value."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            if problem["type"] == "default_factory_not_called":  # only follows from another one
                continue
            place = str(problem["loc"][0]) if problem["loc"] else "settings"
            name = environment_name(place) if place in Settings.model_fields else place
            lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
        raise UnsafeSettings("; ".join(lines)) from None


def unknown_names() -> list[str]:
    """Names with our prefix in the environment or ``.env`` that are no setting: mostly slips of the pen."""
    known = {environment_name(field) for field in Settings.model_fields}
    given = set(os.environ)
    path = Path(ENV_FILE)
    if path.is_file():
        given |= {
            line.partition("=")[0].strip().removeprefix("export ")
            for line in path.read_text("utf-8").splitlines()
        }
    return sorted(name for name in given if name.startswith(PREFIX) and name not in known)
