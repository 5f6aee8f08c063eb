"""The command line: ``veiviser``. Each command ends with 0, or with another code and one clear line.

What a command needs is imported when it runs, so that ``veiviser --help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from directory.errors import DirectoryError

if TYPE_CHECKING:
    from directory.config import Settings

FAILED = 1


class OneLine(click.Group):
    """Turns what the domain has to say into one line on stderr; a traceback is left for mistakes of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DirectoryError as error:
            raise click.ClickException(error.detail) from None


@click.group(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Veiviser: a directory of help services, found by need, language and distance."""


def _settings() -> Settings:
    from directory.config import read_settings, refuse_unsafe

    settings = refuse_unsafe(read_settings())
    settings.ensure_data_dir()
    return settings


@contextmanager
def told(label: str) -> Iterator[Callable[[int, int], None]]:
    """Progress of one long step, as ``progress(done, of)``: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        click.echo(f"{label} …", err=True)
        yield lambda done, of: None
        click.echo(f"{label}: done", err=True)
        return
    with click.progressbar(length=0, label=label, file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield progress


@main.group()
def db() -> None:
    """The database's tables."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to this version: all of it, or nothing."""
    from directory import database

    database.upgrade(_settings().database)


@db.command("current")
def db_current() -> None:
    """Tell which revision the database stands at, and which this version needs."""
    from directory import database

    stands, needed = database.current(_settings().database), database.latest()
    click.echo(f"{stands or 'empty'}{'' if stands == needed else f' (this version needs {needed})'}")
    if stands != needed:
        raise SystemExit(FAILED)
