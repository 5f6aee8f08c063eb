"""Who takes part: partners, and the organizations that they answer for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from directory.terminal import now, reading, settings_to_use, table, writing

if TYPE_CHECKING:
    from sqlmodel import Session

    from directory.partners.models import Partner


@click.group()
def partner() -> None:
    """Partners: organizations that take part in the network of referrals."""


@partner.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Its name, as other partners see it.")
@click.option(
    "--organization", multiple=True, help="Slug of an organization that it answers for; repeatable."
)
@click.option(
    "--origin", multiple=True, help="A site that may hold its widget: https://www.example.org; repeatable."
)
def partner_add(slug: str, name: str, organization: tuple[str, ...], origin: tuple[str, ...]) -> None:
    """Let an organization take part."""
    from directory.partners import partnering

    with writing() as session:
        made = partnering.add_partner(session, slug=slug, name=name, organizations=organization, now=now())
        _let_hold(session, made, origin)
    click.echo(f"{slug} takes part, and answers for {', '.join(organization) or 'no organization yet'}.")


@partner.command("list")
def partner_list() -> None:
    """List the partners: slug, name, whether it is active, and the organizations that it answers for."""
    from directory.partners import partnering

    with reading() as session:
        found = partnering.partners(session)
        links = partnering.organizations_of(session, [one.id for one in found])
    table(
        [
            (
                one.slug,
                one.name,
                "active" if one.active else "disabled",
                ", ".join(ref.slug or str(ref.id) for ref in links[one.id]),
            )
            for one in found
        ]
    )


@partner.command("link")
@click.argument("slug")
@click.argument("organization", nargs=-1, required=True)
def partner_link(slug: str, organization: tuple[str, ...]) -> None:
    """Let a partner answer for more organizations."""
    from directory.partners import partnering

    with writing() as session:
        partnering.link(session, partnering.partner_of(session, slug), organization, now=now())
    click.echo(f"{slug} answers for {', '.join(organization)}.")


@partner.command("unlink")
@click.argument("slug")
@click.argument("organization", nargs=-1, required=True)
def partner_unlink(slug: str, organization: tuple[str, ...]) -> None:
    """Let a partner answer for some organizations no more."""
    from directory.partners import partnering

    with writing() as session:
        partnering.unlink(session, partnering.partner_of(session, slug), organization, now=now())
    click.echo(f"{slug} answers for {', '.join(organization)} no more.")


@partner.command("origins")
@click.argument("slug")
@click.argument("origin", nargs=-1)
@click.option("--none", is_flag=True, help="No site may hold it.")
def partner_origins(slug: str, origin: tuple[str, ...], none: bool) -> None:
    """Say which sites may hold a partner's widget, all of them; without any, list them."""
    from directory.partners import partnering

    if origin and none:
        raise click.UsageError("name sites, or none")
    if not origin and not none:
        with reading() as session:
            for one in partnering.partner_of(session, slug).origins:
                click.echo(one)
        return
    with writing() as session:
        found = partnering.partner_of(session, slug)
        _let_hold(session, found, origin)
        held_by = ", ".join(found.origins) or "no site"
    click.echo(f"The widget of {slug} may be held by {held_by}.")


@partner.command("disable")
@click.argument("slug")
def partner_disable(slug: str) -> None:
    """Let a partner do nothing more: its people are signed out, its keys open nothing."""
    _set_partner(slug, active=False)
    click.echo(f"{slug} is disabled: its people are signed out, its keys open nothing.")


@partner.command("enable")
@click.argument("slug")
def partner_enable(slug: str) -> None:
    """Let a partner that was disabled take part again."""
    _set_partner(slug, active=True)
    click.echo(f"{slug} takes part.")


def _let_hold(session: Session, partner: Partner, sites: tuple[str, ...]) -> None:
    from directory.partners.origins import choose_origins

    production = settings_to_use().environment == "production"
    choose_origins(session, partner, sites, on_this_machine=not production)


def _set_partner(slug: str, *, active: bool) -> None:
    from directory.partners import partnering

    with writing() as session:
        partnering.set_active(session, partnering.partner_of(session, slug), active, now=now())
