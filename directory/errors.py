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
