"""What the parent of a server's workers reads once for all of them, before it forks: libraries, words, compiled loops.

Memory that nobody writes to stays shared between processes; so here is nothing that a request changes, no file or
connection that is open, and nothing of the database. A worker that finds other code or words than its parent has read
forgets what it was given, and reads what is there now.
"""

from __future__ import annotations

import gc
import importlib
import sys

from directory.config import Settings
from directory.serving import fingerprint

# What others made, and takes long to read.
LIBRARIES = (
    "argon2",
    "babel.messages.catalog",
    "babel.support",
    "cffi",
    "cryptography.fernet",
    "flask_smorest",
    "flask_swagger_ui",
    "geopy.distance",
    "limits",
    "numba",
    "opening_hours",
    "phonenumbers",
    "pydantic_settings",
    "pyotp",
    "rapidfuzz",
    "segno",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sqlmodel",
    "standardwebhooks",
    "stdnum",
    "whoosh.index",
)
ISSUER, POSTGRESQL = ("authlib.integrations.flask_client",), ("psycopg",)
FIRST_LINES = ("naloxone", "налоксон")  # with a first line in each script comes what is made only at need
IMPORTED = fingerprint()  # the code that is read from here on is no older than this


def read(settings: Settings) -> None:
    """Before the fork: takes some seconds, and half a minute where the compiled part was never compiled."""
    gc.disable()  # of what is read next to nothing is garbage: looking takes a sixth of the time
    try:
        for name in LIBRARIES + (ISSUER if settings.oidc_issuer else ()):
            importlib.import_module(name)
        if not settings.database.startswith("sqlite"):
            for name in POSTGRESQL:
                importlib.import_module(name)
        from directory.search import finding  # noqa: F401
        from directory.search.understand import Understanding
        from directory.search.warming import warm
        from directory.search.wordbook import wordbook

        words = wordbook()
        understand = Understanding(words.needs, words.places, lexicon=words.lexicon)
        for line in FIRST_LINES:
            understand(line)
        warm()
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()  # what is never looked at is never written to, and so stays shared


def is_current() -> bool:
    """Whether the code and the seed are still those that were read."""
    return fingerprint() == IMPORTED


def forget() -> None:
    """Let what is imported next be read anew: the settings, the log and what stands in this file too."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "directory"]:
        del sys.modules[name]
