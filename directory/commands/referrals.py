"""What is kept of referrals: the chain of events, and the encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from directory.terminal import migrated, now, reading, told, writing

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
    click.echo(
        f"{renewed} rows encrypted anew; all that is kept opens by the first of VEIVISER_ENCRYPTION_KEYS."
    )


@click.command()
def purge() -> None:
    """Erase what may not be kept any longer: what was written on a consent that has ended, and answers of yesterday."""
    from directory import idempotency
    from directory.referrals import privacy

    with told("Erasing what may not be kept"), writing() as session:
        moment = now()
        referrals = privacy.expire_consents(session, moment)
        answers = idempotency.purge(session, moment)
    click.echo(
        f"{referrals} referrals whose consent has ended, {answers} answers kept for repeated requests."
    )


def _rows_kept(session: Session) -> int:
    from sqlmodel import func, select

    from directory.referrals.models import Referral, ReferralMessage

    return sum(session.exec(select(func.count()).select_from(of)).one() for of in (Referral, ReferralMessage))
