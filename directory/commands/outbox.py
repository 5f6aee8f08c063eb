"""What waits to leave the house, and what was given up."""

from __future__ import annotations

from uuid import UUID

import click

from directory.terminal import now, reading, table, writing


@click.group()
def outbox() -> None:
    """Mail and webhooks that wait to be sent, or were given up."""


@outbox.command("list")
@click.option("--dead", is_flag=True, help="Those that were given up, instead of those that wait.")
def outbox_list(dead: bool) -> None:
    """List messages, the oldest first: id, channel, event, attempts, when next or given up, what went wrong."""
    from directory.outbox import endpoints

    with reading() as session:
        found = endpoints.messages(session, dead=dead)
        number = endpoints.number_of(session, "dead" if dead else "waiting")
    table(
        [
            (
                str(message.id),
                message.channel,
                message.event,
                str(message.attempts),
                f"{(message.settled_at if dead else message.next_at) or message.created_at:%Y-%m-%d %H:%M}",
                message.error or "-",
            )
            for message in found
        ]
    )
    if number > len(found):
        click.echo(f"and {number - len(found)} more", err=True)


@outbox.command("replay")
@click.argument("id", nargs=-1, type=click.UUID)
@click.option("--all-dead", is_flag=True, help="All that were given up.")
def outbox_replay(id: tuple[UUID, ...], all_dead: bool) -> None:
    """Send messages that were given up once more, under the same ids."""
    from directory.outbox import endpoints

    if bool(id) == all_dead:
        raise click.UsageError("name one or more ids, or --all-dead")
    with writing() as session:
        number = endpoints.replay_dead(session, None if all_dead else id, now=now())
    click.echo(f"{number} messages wait to be sent again.")
