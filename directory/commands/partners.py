"""Who takes part: partners, and the organizations that they answer for."""

from __future__ import annotations

import click

from directory.terminal import now, reading, table, writing


@click.group()
def partner() -> None:
    """Partners: organizations that take part in the network of referrals."""


@partner.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Its name, as other partners see it.")
@click.option(
    "--organization", multiple=True, help="Slug of an organization that it answers for; repeatable."
)
def partner_add(slug: str, name: str, organization: tuple[str, ...]) -> None:
    """Let an organization take part."""
    from directory.partners import partnering

    with writing() as session:
        partnering.add_partner(session, slug=slug, name=name, organizations=organization, now=now())
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


def _set_partner(slug: str, *, active: bool) -> None:
    from directory.partners import partnering

    with writing() as session:
        partnering.set_active(session, partnering.partner_of(session, slug), active, now=now())
