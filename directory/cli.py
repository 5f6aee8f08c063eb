"""The command line: ``veiviser``. Each command ends with 0, or with another code and one clear line.

What a command needs is imported when it runs, so that ``veiviser --help`` answers at once.
"""

from __future__ import annotations

import click

from directory.commands.backups import backup, restore
from directory.commands.demo import demo
from directory.commands.keys import key
from directory.commands.outbox import outbox
from directory.commands.partners import partner
from directory.commands.people import user
from directory.commands.preparing import fill, prepare, rebuild, upgrade
from directory.commands.referrals import audit, purge, reencrypt
from directory.commands.working import work
from directory.terminal import OneLine, database_of, migrated, now, settings_to_use

FAILED = 1


@click.group(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Veiviser: a directory of help services, found by need, language and distance."""


for command in (partner, user, key, outbox, audit, reencrypt, purge, backup, restore, work, demo):
    main.add_command(command)


@main.group()
def db() -> None:
    """The database's tables."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to this version: all of it, or nothing."""
    upgrade(settings_to_use())


@db.command("current")
def db_current() -> None:
    """Tell which revision the database stands at, and whether this version needs another."""
    from directory import database

    stands, needed = database.current(settings_to_use().database), database.latest()
    click.echo(f"{stands or 'empty'}{'' if stands == needed else f' (this version needs {needed})'}")
    if stands != needed:
        raise SystemExit(FAILED)


@main.command()
def seed() -> None:
    """Fill the directory with the services that ship with it: all of them, or nothing. Can be repeated."""
    settings = migrated()
    with database_of(settings) as database:
        report = fill(settings, database)
    click.echo(
        f"{report.services} services of {report.organizations} organizations at {report.locations} locations; "
        f"{report.changed} changed, {report.removed} removed, {report.unchanged} as they were, "
        f"{report.kept} left as they were edited here"
    )


@main.group()
def index() -> None:
    """The search index. It is derived: it can be thrown away and made again at any time."""


@index.command("rebuild")
def index_rebuild() -> None:
    """Make the index anew; the old one answers meanwhile."""
    kept = rebuild(migrated())
    click.echo(f"{kept} services in the index")


@index.command("catch-up")
def index_catch_up() -> None:
    """Let the index take up what has changed in the directory."""
    from directory import open_search

    kept = open_search(migrated()).upkeep.catch_up(now().date())
    done = "rebuilt: " if kept.rebuilt else ""
    click.echo(f"{done}{kept.saved} services taken up, {kept.removed} taken out")


@index.command("check")
def index_check() -> None:
    """Read all of the index and tell what is wrong with it."""
    from directory import open_search

    problems = open_search(migrated()).upkeep.problems()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise SystemExit(FAILED)
    click.echo("The index is sound and follows the directory.")


@main.group()
def search() -> None:
    """The search: why it answers as it does."""


@search.command("explain")
@click.argument("text")
@click.option("--near", help="A position, a postcode or the name of a place.")
@click.option("--language", multiple=True, help="A language that help is to be given in; repeatable.")
@click.option("--lang", default="nb", show_default=True, help="The language of the asker.")
@click.option("--shown", type=click.IntRange(1, 100), default=10, show_default=True, help="How many results.")
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of a table.")
def search_explain(
    text: str, near: str | None, language: tuple[str, ...], lang: str, shown: int, as_json: bool
) -> None:
    """Tell what was understood of a line, and the parts of the score of the first results."""
    from directory import open_search
    from directory.search import explaining

    searcher = open_search(migrated()).searcher
    values = {"q": text, "near": near, "language": language, "lang": lang}
    criteria = searcher.resolve(values, now=now(), lang=lang)
    if not criteria.q:
        raise click.ClickException("there is nothing to explain: give the words of a search")
    explanation = explaining.explain(searcher, criteria, shown)
    if as_json:
        click.echo(explaining.as_json(explanation))
    else:
        for line in explaining.as_lines(explanation):
            click.echo(line)


@main.command()
@click.option(
    "--worker/--no-worker", default=True, show_default=True, help="Whether `work` is done beside it."
)
def serve(worker: bool) -> None:
    """Bring database, directory and index up to date, then serve until Ctrl-C."""
    from directory import serving

    settings = settings_to_use()
    serving.refuse_taken_port(settings)
    if not serving.is_prepared(settings):
        prepare(settings)
        serving.mark_prepared(settings)
    click.echo(f"Serving on http://{settings.host}:{settings.port} (Ctrl-C ends it)", err=True)
    if worker:
        serving.begin_work()
    serving.become_server()


@main.command()
def doctor() -> None:
    """Tell what is configured, what is missing and what is unsafe; fails if anything is."""
    from directory import diagnosis
    from directory.config import read_settings

    findings = diagnosis.examine(read_settings())
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        click.echo(f"{finding.state:<8} {finding.what:<{width}}  {finding.detail}")
    if any(finding.state in ("missing", "unsafe") for finding in findings):
        raise SystemExit(FAILED)


if __name__ == "__main__":
    main()
