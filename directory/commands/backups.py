"""Backups of the whole directory, and bringing one back."""

from __future__ import annotations

from pathlib import Path

import click

from directory.commands.preparing import rebuild
from directory.terminal import now, settings_to_use, told

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--keep", type=click.IntRange(min=1), help="So many backups stay in the folder; older ones are removed."
)
def backup(folder: Path | None, keep: int | None) -> None:
    """Copy the whole database, as it is at this moment, into one file in FOLDER, while it is used. Without FOLDER:
    `backups` in the data directory."""
    from directory import backups

    settings = settings_to_use()
    made = backups.backup(settings, folder or settings.data_dir / backups.FOLDER, now(), told, keep=keep)
    click.echo(str(made))


@click.command()
@click.argument("file", type=_FILE)
@click.option("--older", is_flag=True, help="Also a backup older than erasures are remembered.")
@click.option(
    "--erasures",
    type=_FILE,
    help="The file `erasures` of the machine that the backup was made on, if not this one.",
)
def restore(file: Path, older: bool, erasures: Path | None) -> None:
    """Bring the directory back as it is in a backup, without what was erased since. Nobody may use it meanwhile."""
    from directory import restoring

    settings = settings_to_use()
    done = restoring.restore(settings, file, now(), told, older=older, record=erasures)
    kept = rebuild(settings)
    click.echo(
        f"The directory is as it was on {done.manifest.made_at:%Y-%m-%d at %H:%M} UTC: {done.events} events, each as "
        f"it was written; {done.erased} referrals erased again; {kept} services in the index. Everybody signs in anew."
    )
    if done.unknown_since is not None:
        click.echo(
            "Nothing here tells what was erased between then and now, so that is back. If the machine that it was "
            "erased on has its file `erasures`, restore again with --erasures.",
            err=True,
        )
