"""People who sign in: their accounts, roles, and links by which they choose a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from directory.terminal import ONCE, migrated, now, reading, table, writing

if TYPE_CHECKING:
    from directory.partners.models import Account


@click.group()
def user() -> None:
    """People who sign in, known by their e-mail address."""


@user.command("add")
@click.argument("email")
@click.option(
    "--partner", "slug", help="The partner that the person works for; stewards and admins need none."
)
@click.option("--role", multiple=True, help="counsellor, coordinator, editor, steward or admin; repeatable.")
def user_add(email: str, slug: str | None, role: tuple[str, ...]) -> None:
    """Make an account, and print the link by which its owner chooses a password."""
    from directory.partners import invitations, members, partnering

    settings = migrated()
    with writing() as session:
        of = partnering.partner_of(session, slug) if slug else None
        account = members.add_account(session, email=email, roles=role, partner=of, now=now())
        token = invitations.invite(session, account, now())
    click.echo(f"Hand this link to {account.email}. It holds for 7 days. {ONCE}", err=True)
    click.echo(invitations.address_of(settings.base_url, "invitation", token))


@user.command("list")
@click.option("--partner", "slug", help="Only the people of this partner.")
def user_list(slug: str | None) -> None:
    """List the accounts: address, partner, roles, state, and whether one-time codes are asked for."""
    from directory.partners import members, partnering

    with reading() as session:
        slugs = {one.id: one.slug for one in partnering.partners(session)}
        only = partnering.partner_of(session, slug).id if slug else None
        rows = [
            (
                account.email,
                slugs[account.partner_id] if account.partner_id else "-",
                ", ".join(account.roles),
                _state(account),
                "codes" if account.totp_confirmed else "no codes",
            )
            for account in members.accounts(session, only)
        ]
    table(rows)


@user.command("roles")
@click.argument("email")
@click.option("--role", multiple=True, help="counsellor, coordinator, editor, steward or admin; repeatable.")
def user_roles(email: str, role: tuple[str, ...]) -> None:
    """Give a person these roles instead of those held until now."""
    from directory.partners import accounts, members

    with writing() as session:
        account = accounts.account_of(session, email)
        members.set_roles(session, account, role)
    click.echo(f"{account.email} is {', '.join(account.roles)}.")


@user.command("disable")
@click.argument("email")
def user_disable(email: str) -> None:
    """Sign a person out everywhere, and let nobody sign in by this account."""
    account = _set_account(email, active=False)
    click.echo(f"{account.email} is disabled and signed out.")


@user.command("enable")
@click.argument("email")
def user_enable(email: str) -> None:
    """Let a person who was disabled sign in again."""
    account = _set_account(email, active=True)
    click.echo(f"{account.email} may sign in.")


@user.command("reset")
@click.argument("email")
@click.option("--forget-codes", is_flag=True, help="With it one-time codes go too: the device is lost.")
def user_reset(email: str, forget_codes: bool) -> None:
    """Print a link by which a person chooses another password; until then the old one holds."""
    from directory.partners import accounts, invitations

    settings = migrated()
    with writing() as session:
        account = accounts.account_of(session, email)
        token = invitations.reset(session, account, now(), forget_codes=forget_codes)
    click.echo(f"Hand this link to {account.email}. It holds for 1 hour. {ONCE}", err=True)
    click.echo(invitations.address_of(settings.base_url, "reset", token))


def _set_account(email: str, *, active: bool) -> Account:
    from directory.partners import accounts, members

    with writing() as session:
        account = accounts.account_of(session, email)
        members.set_account_active(session, account, active)
    return account


def _state(account: Account) -> str:
    if not account.active:
        return "disabled"
    return "active" if account.password_hash or account.oidc_subject else "invited"
