"""Which language an answer is in: the one asked for, else what the browser prefers, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from directory import languages
from directory.api.rooms import the_rooms


def preferred_language() -> str:
    """By Accept-Language, else the setting DEFAULT_LANGUAGE; a BCP 47 code of the interface."""
    return languages.negotiate(request.headers.get("Accept-Language"), the_rooms().settings.default_language)


def language_of(values: Mapping[str, Any]) -> str:
    """The parameter ``lang`` where it is given. Raises InvalidInput when it is no BCP 47 code."""
    return languages.normalize(values["lang"]) if values.get("lang") else preferred_language()
