"""Domain exceptions. Only ``problems.py`` knows what they look like over HTTP, and only ``cli.py`` on a terminal."""

from __future__ import annotations


class DirectoryError(Exception):
    """Something the caller can be told about. ``code`` is stable and stands in the documented code list."""

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidInput(DirectoryError):
    """One or more fields hold what they may not. ``errors`` maps the field's name to messages saying what it takes."""

    code = "invalid-input"

    def __init__(
        self, errors: dict[str, list[str]], detail: str = "The request has fields that are not valid."
    ) -> None:
        super().__init__(detail)
        self.errors = errors

    @classmethod
    def of(cls, field: str, message: str) -> InvalidInput:
        return cls({field: [message]})


class NotFound(DirectoryError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not-found"

    def __init__(self, detail: str = "There is nothing at this address.") -> None:
        super().__init__(detail)


class StaleVersion(DirectoryError):
    """The thing has been changed by someone else since it was read."""

    code = "stale-version"


class VersionNotNamed(DirectoryError):
    """A change does not say which version it changes."""

    code = "version-not-named"


class NotSignedIn(DirectoryError):
    """The caller is nobody we know: no sign-in, or one that has ended; no key, or one that is revoked."""

    code = "not-signed-in"


class SignInFailed(DirectoryError):
    """Address, password or code is wrong, or the account takes no sign-in; which of these is not told."""

    code = "sign-in-failed"


class IssuerUnavailable(DirectoryError):
    """The OpenID Connect issuer does not answer, or not as the one that it should be."""

    code = "issuer-unavailable"


class TooManyAttempts(DirectoryError):
    """Too many wrong guesses. ``wait``: seconds until the next one is looked at."""

    code = "too-many-attempts"

    def __init__(self, wait: int) -> None:
        super().__init__("Too many wrong attempts. Try again after the time in Retry-After (seconds).")
        self.wait = wait


class NotAllowed(DirectoryError):
    """The caller is known, and may not do this, to whatever it is done."""

    code = "not-allowed"


class FromAnotherSite(DirectoryError):
    """A signed-in person's browser sends what a page of another site made it send."""

    code = "from-another-site"


class KeyInAddress(DirectoryError):
    """A key stands in the address, where logs and histories keep it."""

    code = "key-in-address"


class IllegalStep(DirectoryError):
    """The referral can't take this step now. ``legal``: the statuses it can be brought to by this caller."""

    code = "illegal-step"

    def __init__(self, status: str, to: str, legal: tuple[str, ...]) -> None:
        takes = f"takes {', '.join(legal)}" if legal else "takes nothing from you any more"
        super().__init__(f"A referral that is {status} cannot become {to}: {takes}.")
        self.errors = {"to": [takes]}
        self.legal = legal


class Conflict(DirectoryError):
    """It is not in the state for that, or there is one like it already. ``errors``: which fields say so."""

    code = "conflict"

    def __init__(self, detail: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors or {}


class IdempotencyKeyMissing(DirectoryError):
    """A request that must not be done twice has no Idempotency-Key."""

    code = "idempotency-key-missing"


class IdempotencyKeyReused(DirectoryError):
    """The Idempotency-Key came with another request before."""

    code = "idempotency-key-reused"


class StillRunning(DirectoryError):
    """The first request with this Idempotency-Key is still being answered."""

    code = "still-running"


class AuditBroken(DirectoryError):
    """The chain of events does not hold."""

    code = "audit-broken"


class TilesUnavailable(DirectoryError):
    """A tile of the map did not come from where it is fetched, and none is kept."""

    code = "tiles-unavailable"


class UnsafeSettings(DirectoryError):
    """A setting is missing or unsafe. The message names it and says what it takes."""

    code = "unsafe-settings"


class SeedError(DirectoryError):
    """A row of the seed is wrong. ``problems`` lists (file, row, field, message); nothing was written."""

    code = "seed-invalid"

    def __init__(self, problems: list[tuple[str, str, str, str]]) -> None:
        lines = [f"{file}: {row}: {field}: {message}" for file, row, field, message in problems]
        super().__init__("\n".join(lines))
        self.problems = problems


class IndexUnavailable(DirectoryError):
    """There is no index that can answer now; it is being built, or could not be."""

    code = "index-unavailable"
