"""Keys by which the systems of partners ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from directory.terminal import ONCE, now, reading, table, writing

if TYPE_CHECKING:
    from directory.partners.models import ApiKey


@click.group()
def key() -> None:
    """Keys by which partners' systems ask."""


@key.command("create")
@click.argument("slug", metavar="PARTNER")
@click.option(
    "--scope", multiple=True, help="catalogue:write, referrals:read or referrals:write; repeatable."
)
@click.option("--label", required=True, help="What uses the key.")
def key_create(slug: str, scope: tuple[str, ...], label: str) -> None:
    """Make a key for a partner, and print it."""
    from directory.partners import keys, partnering

    with writing() as session:
        of = partnering.partner_of(session, slug)
        made, text = keys.create(session, of, label=label, scopes=scope, now=now())
    click.echo(f"A key of {slug} for {', '.join(made.scopes)}. {ONCE}", err=True)
    click.echo(text)


@key.command("list")
@click.option("--partner", "slug", help="Only the keys of this partner.")
def key_list(slug: str | None) -> None:
    """List the keys: how it begins, partner, label, scopes, state, last use, id."""
    from directory.partners import keys, partnering

    moment = now()
    with reading() as session:
        slugs = {one.id: one.slug for one in partnering.partners(session)}
        only = partnering.partner_of(session, slug).id if slug else None
        rows = [
            (
                f"{one.hint}…",
                slugs[one.partner_id],
                one.label,
                ", ".join(one.scopes),
                _key_state(one, keys.state(one, moment)),
                f"used {one.used_on}" if one.used_on else "never used",
                str(one.id),
            )
            for one in keys.keys_of(session, only)
        ]
    table(rows)


@key.command("rotate")
@click.argument("which", metavar="HINT-OR-ID")
@click.option(
    "--overlap-days",
    type=click.IntRange(0, 90),
    default=7,
    show_default=True,
    help="How long the old key still holds.",
)
def key_rotate(which: str, overlap_days: int) -> None:
    """Make another key in the place of one, and print it; the old one holds a little longer."""
    from directory.partners import keys

    with writing() as session:
        old = keys.key_of(session, which)
        _, text = keys.rotate(session, old, now=now(), overlap=timedelta(days=overlap_days))
    click.echo(
        f"The old key {old.hint}… ends {_at(old.expires_at)}. The new one is shown this once.", err=True
    )
    click.echo(text)


@key.command("revoke")
@click.argument("which", metavar="HINT-OR-ID")
def key_revoke(which: str) -> None:
    """Let a key open nothing from now on."""
    from directory.partners import keys

    with writing() as session:
        revoked = keys.key_of(session, which)
        keys.revoke(session, revoked, now=now())
    click.echo(f"The key {revoked.hint}… is revoked.")


def _key_state(key: ApiKey, state: str) -> str:
    return f"until {_at(key.expires_at)}" if state == "ending" else state


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
