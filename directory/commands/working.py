"""``veiviser work``: what is done beside serving."""

from __future__ import annotations

import click

from directory.terminal import database_of, migrated, now


@click.command()
@click.option("--once", is_flag=True, help="Do what is due, and end.")
@click.option("--beside", type=int, hidden=True, help="Keep one at work for as long as this process lives.")
def work(once: bool, beside: int | None) -> None:
    """Send mail and webhooks, remind, and erase what may not be kept, until Ctrl-C."""
    if beside is not None:
        from directory.serving import keep_working

        keep_working(beside)
        return
    from directory import working
    from directory.encryption import Vault
    from directory.logs import log_to_stdout

    settings = migrated()
    stop = working.when_told()
    with database_of(settings) as database:
        room = working.Workroom(
            settings, database, Vault(settings.all_encryption_keys, settings.signing_key), now
        )
        log_to_stdout(settings.log_level)
        if once:
            working.Rota(room).round()
        else:
            working.work(room, stop)
