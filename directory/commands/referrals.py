"""What is kept of referrals: the chain of events, and the encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from directory.terminal import database_of, migrated, now, reading, told, writing

if TYPE_CHECKING:
    from sqlmodel import Session


@click.group()
def audit() -> None:
    """The chain of events of all referrals, which nobody can change unseen."""


@audit.command("verify")
def audit_verify() -> None:
    """Read all events, and tell whether each is as it was written and none is missing."""
    from directory.referrals.audit import verify

    with told("Reading the events"), reading() as session:
        events = verify(session)
    click.echo(f"{events} events, each as it was written.")


@click.command()
def reencrypt() -> None:
    """Encrypt by the newest key all that older keys have encrypted: all of it, or nothing."""
    from directory import idempotency
    from directory.encryption import Vault
    from directory.outbox import endpoints
    from directory.partners import one_time_codes
    from directory.referrals import privacy

    settings = migrated()
    vault = Vault(settings.all_encryption_keys, settings.signing_key)
    with told("Encrypting anew") as progress, writing() as session:
        of, done = _rows_kept(session), 0

        def more(rows: int) -> None:
            nonlocal done
            done += rows
            progress(done, of)

        renewed = privacy.reencrypt(session, vault, more)
        renewed += one_time_codes.reencrypt(session, vault) + idempotency.reencrypt(session, vault)
        renewed += endpoints.reencrypt(session, vault)
    click.echo(
        f"{renewed} rows encrypted anew; all that is kept opens by the first of VEIVISER_ENCRYPTION_KEYS."
    )


@click.command()
def purge() -> None:
    """Erase what may not be kept any longer, as the settings RETENTION_… say. Can be stopped, and repeated."""
    from directory.referrals import retention

    settings = migrated()
    with told("Erasing what may not be kept") as progress, database_of(settings) as database:
        purged = retention.purge(database, settings, now(), progress)
    for name, words in purged.told:
        click.echo(f"{getattr(purged, name):>6}  {words}")
    if not purged.log_emptied:
        click.echo("SQLite's log could not be emptied, as it is being read: run this again.", err=True)


def _rows_kept(session: Session) -> int:
    from sqlmodel import func, select

    from directory.referrals.models import Referral, ReferralMessage

    return sum(session.exec(select(func.count()).select_from(of)).one() for of in (Referral, ReferralMessage))
