"""``veiviser demo``: a small partner network for trying out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from directory.terminal import database_of, migrated, now, settings_to_use, table

if TYPE_CHECKING:
    from directory.config import Settings
    from directory.database import Database
    from directory.demo import Made


@click.command()
def demo() -> None:
    """Make two partners with people, keys and referrals to try out, and print how to sign in. All made up."""
    from directory import demo as making
    from directory import standing
    from directory.commands.preparing import fill
    from directory.config import read_settings
    from directory.encryption import Vault

    making.refuse_settings(read_settings())  # first of all: production may want secrets, too
    settings = settings_to_use()
    vault = Vault(settings.all_encryption_keys, settings.signing_key)
    with database_of(settings) as database:
        _tables(settings, database)
        with database.reading() as session:
            making.refuse_company(session)
        if not standing.number_of_services(database):
            fill(settings, database)
        made = making.make(settings, database, vault, now())
    _tell(settings, made)


def _tables(settings: Settings, database: Database) -> None:
    """Made where there are none yet; of those of another version it is said what to do, as by any command."""
    from directory import standing
    from directory.commands.preparing import upgrade

    if standing.revision(database) is None:
        upgrade(settings)
    migrated()


def _tell(settings: Settings, made: Made) -> None:
    click.echo(
        "People, keys and referrals here are made up. The organizations are real ones of the directory;"
    )
    click.echo("they have nothing to do with this demo, and get no mail of it.")
    click.echo(
        f"\nSign in at {settings.base_url}/desk once `veiviser serve` runs. What follows is shown this once.\n"
    )
    rows = [("e-mail", "password", "role", "partner")]
    rows += [(one.email, one.password, one.role, one.partner or "-") for one in made.logins]
    table(rows)
    click.echo("\nKeys, for Authorization: Bearer …")
    for key in made.keys:
        click.echo(f"\n{key.partner} ({', '.join(key.scopes)})\n{key.text}")
    click.echo(
        f"\n{made.referrals} referrals. A client of the clinic's carries one to the team, with the code"
    )
    click.echo(made.code)
    folder = settings.data_dir / "mail"
    if settings.smtp_url:
        folder = Path(urlsplit(settings.smtp_url.get_secret_value()).path)
    click.echo(f"\nMail is written to {folder}, as soon as `veiviser work` or `veiviser serve` runs.")
