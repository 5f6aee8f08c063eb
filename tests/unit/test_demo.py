"""The demo: a network that works as in life, made up from beginning to end, and made only where it has a place."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlmodel import Session

from directory import demo
from directory.catalogue.seeding import SERVICES
from directory.cli import main
from directory.config import SEED_DIR, Settings
from directory.database import Database
from directory.errors import Conflict, InvalidInput
from directory.needs import Needs
from directory.outbox.models import OutboxMessage
from directory.partners import accounts, keys, partnering, passwords
from directory.partners.access import Role
from directory.partners.models import Account, ApiKey, Partner
from directory.referrals import audit, figures, referring
from directory.referrals.consent import day_of
from directory.referrals.due import due_list
from directory.referrals.lifecycle import FINAL
from directory.referrals.models import Referral, ReferralEvent, ReferralMessage, ServiceFigure
from directory.standing import number_of_services
from directory.terminal import now as today
from tests.factories import NOW, saved, service_draft
from tests.one_account import CHEAP, VAULT

MADE = (Partner, Account, ApiKey, Referral, ReferralEvent, ReferralMessage, OutboxMessage)
NAMED = {str(story[0].said["service_id"]) for story in demo.STORIES}


@pytest.fixture(scope="module")
def seed() -> dict[str, dict[str, object]]:
    """The services that ship, by slug."""
    return {row["slug"]: row for row in json.loads((SEED_DIR / SERVICES).read_text("utf-8"))}


@pytest.fixture
def house(database: Database, seed: dict[str, dict[str, object]]) -> Database:
    """What the demo names of the directory, and nobody who takes part."""
    put(database, seed, NAMED)
    return database


def put(database: Database, seed: dict[str, dict[str, object]], slugs: set[str]) -> None:
    with database.unit_of_work() as session:
        saved(session, *(service_draft(slug, organization=seed[slug]["organization"]) for slug in slugs))
        session.commit()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as those of long ago."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)


def make(settings: Settings, house: Database, now: datetime = NOW) -> demo.Made:
    return demo.make(settings, house, VAULT, now)


def rows(database: Database) -> list[int]:
    with database.reading() as session:
        return [count(session, model) for model in MADE]


def count(session: Session, model: type) -> int:
    return int(session.execute(select(func.count()).select_from(model)).scalar_one())


def referrals(database: Database) -> list[Referral]:
    with database.reading() as session:
        return list(session.execute(select(Referral)).scalars())


def test_its_people_sign_in_and_its_keys_open(house: Database, settings: Settings) -> None:
    made = make(settings, house)
    assert {login.role for login in made.logins} == {role.value for role in Role}
    for login in made.logins:
        assert login.email.endswith("example.org")
        passwords.refuse_weak(login.password, login.email)
    assert len({login.password for login in made.logins}) == len(made.logins)
    first = made.logins[0]
    account, _ = accounts.sign_in(
        house,
        VAULT,
        email=first.email,
        password=first.password,
        code=None,
        network="192.0.2.1",
        cookie="",
        now=NOW,
    )
    assert account.roles == [first.role]
    for key in made.keys:
        identity = keys.identity_of(house, key.text, NOW)
        assert identity is not None and {scope.value for scope in identity.scopes} == set(key.scopes)


@pytest.mark.usefixtures("quick")
def test_its_referrals_stand_in_every_state_as_if_they_had_been_lived(
    house: Database, settings: Settings
) -> None:
    make(settings, house)
    found = referrals(house)
    assert len(found) == len(demo.STORIES) == 10
    assert Counter(row.status for row in found) == {
        "draft": 1,
        "requested": 3,
        "accepted": 1,
        "in-progress": 1,
        "on-hold": 1,
        "completed": 1,
        "rejected": 1,
        "cancelled": 1,
    }
    with house.reading() as session:
        steps = sum(len(story) for story in demo.STORIES)
        assert audit.verify(session) == steps
        times = list(session.execute(select(ReferralEvent.at).order_by(ReferralEvent.position)).scalars())
        assert times == sorted(times) and times[-1] <= NOW
        told = set(session.execute(select(OutboxMessage.referral_id)).scalars())
    assert told == {row.id for row in found if row.status != "draft" and row.delivery == "sent"}
    for row in found:
        assert row.delivery == "carried" or "oppdiktet" in str(VAULT.open(row.message or b"")).lower()
        assert (row.ended_at is not None) == (row.status in FINAL)


@pytest.mark.usefixtures("quick")
def test_the_code_that_is_printed_is_redeemed_by_the_team(house: Database, settings: Settings) -> None:
    code = make(settings, house).code
    with house.unit_of_work() as session:
        counsellor = accounts.account_of(session, "counsellor@team.example.org")
        view = referring.redeem(session, VAULT, accounts.identity_of_account(counsellor), code, now=NOW)
    assert (view.delivery, view.status) == ("carried", "requested")


@pytest.mark.usefixtures("quick")
def test_something_waits_for_each_partner_and_there_are_figures(house: Database, settings: Settings) -> None:
    make(settings, house)
    with house.unit_of_work() as session:
        whys = {}
        for email in ("counsellor@team.example.org", "counsellor@clinic.example.org"):
            who = accounts.identity_of_account(accounts.account_of(session, email))
            page = due_list(session, VAULT, who, NOW)
            whys[email.partition("@")[2]] = {due.why for view in page.items for due in view.due}
        assert whys["team.example.org"] >= {"unanswered", "revisit", "follow-up"}
        assert "answer-due" in whys["clinic.example.org"]
        assert figures.compute(session, NOW) == 1
        assert session.execute(select(ServiceFigure.answers_within_hours)).scalar_one() is not None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("store", ["sqlite"])
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 28, 1, 0, tzinfo=UTC),  # the clock goes forward
        datetime(2027, 4, 6, 0, 10, tzinfo=UTC),  # after Easter
        datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    ],
    ids=str,
)
def test_it_can_be_made_on_any_day(house: Database, settings: Settings, moment: datetime) -> None:
    make(settings, house, moment)
    on_hold = next(row for row in referrals(house) if row.status == "on-hold")
    assert on_hold.revisit_on == day_of(moment)


@pytest.mark.usefixtures("quick")
def test_a_second_one_is_refused_and_says_how_to_begin_anew(house: Database, settings: Settings) -> None:
    make(settings, house)
    before = rows(house)
    with pytest.raises(Conflict, match="begin anew"):
        make(settings, house)
    assert rows(house) == before


def test_nothing_is_made_where_others_take_part(house: Database, settings: Settings) -> None:
    with house.unit_of_work() as session:
        partnering.add_partner(session, slug="somebody", name="Somebody", organizations=[], now=NOW)
        session.commit()
    before = rows(house)
    with pytest.raises(Conflict, match="somebody"):
        make(settings, house)
    assert rows(house) == before


def test_nothing_is_made_where_mail_would_leave_or_clients_are_real(
    house: Database, settings: Settings
) -> None:
    for field, value, why in (
        ("environment", "production", "production"),
        ("smtp_url", SecretStr("smtp://mail.example.org"), "VEIVISER_SMTP_URL"),
    ):
        with pytest.raises(Conflict, match=why):
            make(settings.model_copy(update={field: value}), house)
    assert set(rows(house)) == {0}


@pytest.mark.usefixtures("quick")
def test_it_is_made_whole_or_not_at_all(
    database: Database, settings: Settings, seed: dict[str, dict[str, object]]
) -> None:
    put(database, seed, NAMED - {"sjekkpunkt-oslo"})  # the last that is referred to
    with pytest.raises(InvalidInput):
        make(settings, database)
    assert set(rows(database)) == {0}


def test_what_it_names_ships_and_the_needs_are_those_of_its_services(
    seed: dict[str, dict[str, object]],
) -> None:
    known = {need.slug for need in Needs.load(SEED_DIR)}
    emails = {email: slug for email, slug, _ in demo.PEOPLE}
    for first, *_ in demo.STORIES:
        service = seed[first.said["service_id"]]
        (receiver,) = [slug for slug, one in demo.ORGANIZATIONS.items() if one == service["organization"]]
        assert receiver != emails[first.by], "one refers to the other"
        assert set(first.said["needs"]) <= set(service["needs"]) & known  # type: ignore[call-overload]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory, not there yet, that commands are told of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.mark.usefixtures("quick")
def test_the_command_makes_it_on_a_machine_that_has_nothing_and_prints_what_is_needed(told: Path) -> None:
    result = run("demo")
    assert result.exit_code == 0, result.output
    for email, _, role in demo.PEOPLE:
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(email)]
        assert role in line.split()
    printed = [line for line in result.stdout.splitlines() if keys.looks_like_key(line)]
    database = Database(f"sqlite:///{told / 'directory.db'}")
    for key in printed:
        assert keys.identity_of(database, key, today() + timedelta(minutes=1))
    database.close()
    assert len(printed) == 2
    assert "made up" in result.stdout and str(told / "mail") in result.stdout
    again = run("demo")
    assert again.exit_code == 1 and again.stdout == ""
    assert len(again.stderr.splitlines()) == 1


def test_the_command_refuses_production_before_anything_is_made(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_ENVIRONMENT", "production")
    result = run("demo")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: The demo is for trying out; this installation is set up for production."
    ]
    assert not told.exists()


def test_the_command_fills_no_directory_that_it_refuses(told: Path) -> None:
    assert run("db", "upgrade").exit_code == 0
    assert run("partner", "add", "somebody", "--name", "Somebody").exit_code == 0
    result = run("demo")
    assert result.exit_code == 1 and "somebody" in result.stderr
    database = Database(f"sqlite:///{told / 'directory.db'}")
    assert number_of_services(database) == 0
    database.close()
