"""What ``veiviser doctor`` finds: what is configured, what is missing, what is unsafe. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from directory.config import Settings, environment_name, is_secret, unknown_names, unsafe
from directory.database import Database, latest

State = Literal["ok", "default", "missing", "unsafe"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``missing`` and ``unsafe`` must be mended before the service is sound; ``default`` is told, and well."""

    state: State
    what: str
    detail: str


def examine(settings: Settings) -> list[Finding]:
    findings = [*_settings(settings), *_data_dir(settings)]
    if any(finding.what == "data directory" and finding.state == "missing" for finding in findings):
        return findings
    return [*findings, *_database(settings)]


def _settings(settings: Settings) -> Iterator[Finding]:
    wrong = unsafe(settings)
    for field, info in Settings.model_fields.items():
        name = environment_name(field)
        value = getattr(settings, field)
        given = field in settings.model_fields_set
        shown = ("set" if given else "not set") if is_secret(info) else str(value)
        yield (
            Finding("ok" if given else "default", name, shown)
            if name not in wrong
            else Finding("unsafe", name, wrong[name])
        )
    for name in unknown_names():
        yield Finding("unsafe", name, "is not a setting")


def _data_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield Finding("missing", "data directory", f"{folder}: made by `veiviser db upgrade`")
        return
    mode = folder.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding(
            "unsafe", "data directory", f"{folder} is open to others ({mode:04o}); chmod 700 {folder}"
        )
    else:
        yield Finding("ok", "data directory", str(folder))


def _database(settings: Settings) -> Iterator[Finding]:
    from directory.standing import is_migrated, number_of_services, revision

    address = make_url(settings.database)
    shown = address.render_as_string(hide_password=True)
    database = Database(settings.database)
    try:
        if not is_migrated(database):
            stands = revision(database) or "empty"
            yield Finding(
                "missing", "database", f"{shown} is {stands}, not {latest()}: `veiviser db upgrade`"
            )
            return
        yield Finding("ok", "database", f"{shown} at {latest()}")
        services = number_of_services(database)
        if not services:
            yield Finding("missing", "directory", "holds no service: `veiviser seed`")
        else:
            yield Finding("ok", "directory", f"{services} services")
    except SQLAlchemyError as error:
        yield Finding("missing", "database", f"{shown} does not answer ({type(error).__name__})")
        return
    finally:
        database.close()
    yield from _index(settings)


def _index(settings: Settings) -> Iterator[Finding]:
    from directory import open_search

    problems = open_search(settings).upkeep.problems()
    if not problems:
        yield Finding("ok", "search index", "is sound and follows the directory")
    for problem in problems:
        yield Finding("missing", "search index", problem)
