"""What a search can't take, field by field, in the words of whoever typed it."""

from __future__ import annotations

from collections.abc import Mapping

from directory.web.wording import gettext


def in_words(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """{field of the form: [sentence]}: what the search says of the values, in the words of whoever typed them."""
    return {name: [_sentence(name, message) for message in told] for name, told in errors.items()}


def _sentence(field: str, message: str) -> str:
    if field == "near":
        names = message.partition("Nearest names: ")[2].rstrip(".")
        if names and names != "none":
            return gettext("We do not know this place. Did you mean %(names)s?") % {"names": names}
        return gettext("We do not know this place. Write a postcode, a town or a municipality.")
    if field == "q":
        return gettext("Write at most 500 characters.")
    return gettext("We do not know this choice. Choose another one.")
