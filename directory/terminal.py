"""What all commands share: one clear line for what goes wrong, progress of what takes long, settings and database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from directory.errors import DirectoryError, InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from directory.config import Settings
    from directory.database import Database

ONCE = "It is shown this once."  # of what can't be had again


class OneLine(click.Group):
    """Turns what can be expected to go wrong into one line on stderr; a traceback is left for mistakes of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidInput as error:
            said = (f"{field}: {message}" for field, messages in error.errors.items() for message in messages)
            raise click.ClickException("; ".join(said)) from None
        except DirectoryError as error:
            raise click.ClickException(error.detail) from None
        except BrokenPipeError:
            raise  # whoever read has enough ("| head"): click ends without a word
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the system'}: {error.strerror}") from None
        except Exception as error:
            # Imported already if it is one of these; what the driver says names no password.
            if type(error).__module__.startswith("sqlalchemy.") and getattr(error, "orig", None):
                said_first = str(error.orig).strip().partition("\n")[0]  # type: ignore[attr-defined]
                raise click.ClickException(f"the database cannot be used: {said_first}") from None
            raise


@contextmanager
def told(label: str) -> Iterator[Callable[[int, int], None]]:
    """Progress of one long step, as ``progress(done, of)``: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        click.echo(f"{label} …", err=True)
        yield lambda done, of: None
        click.echo(f"{label}: done", err=True)
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield progress
        bar.update((bar.length or 0) - bar.pos)


def settings_to_use() -> Settings:
    """The settings of this machine, and its data directory made. Raises UnsafeSettings."""
    from directory.config import read_settings, refuse_unsafe

    settings = refuse_unsafe(read_settings())
    settings.ensure_data_dir()
    return settings


def migrated() -> Settings:
    """The settings of a directory that has its tables."""
    from directory.standing import is_migrated

    settings = settings_to_use()
    with database_of(settings) as database:
        if not is_migrated(database):
            raise click.ClickException("the database is not at this version: veiviser db upgrade")
    return settings


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    from directory.database import Database

    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction of a directory that has its tables, committed when all went well."""
    with database_of(migrated()) as database, database.unit_of_work() as session:
        yield session
        session.commit()


@contextmanager
def reading() -> Iterator[Session]:
    """One moment of a directory that has its tables."""
    with database_of(migrated()) as database, database.reading() as session:
        yield session


def now() -> datetime:
    return datetime.now(UTC)


def table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
