"""Partners, people and keys by command; what goes wrong is one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from sqlmodel import Session, select

from directory.cli import main
from directory.config import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.partners import accounts, invitations, keys, one_time_codes
from directory.partners.models import Account
from directory.referrals.models import AuditHead
from directory.terminal import now
from tests.factories import saved, service_draft


@pytest.fixture
def house(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database of two organizations that the commands are told of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEIVISER_DATABASE_URL", database.url)
    monkeypatch.setenv("VEIVISER_BASE_URL", "https://help.example.org")
    with database.unit_of_work() as session:
        saved(session, service_draft("test-station"), service_draft("beds", organization="shelter"))
        session.commit()
    return database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def well(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def told(*arguments: str) -> list[str]:
    """What is printed for a program to take up."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not line.endswith("…")]
    assert len(lines) == 1, result.output
    return lines[0].removeprefix("Error: ")


def add_clinic() -> None:
    well("partner", "add", "clinic", "--name", "The clinic", "--organization", "the-clinic")


def test_a_partner_from_its_first_day_to_its_last(house: Database) -> None:
    add_clinic()
    assert told("partner", "list") == ["clinic  The clinic  active  the-clinic"]
    well("partner", "link", "clinic", "shelter")
    well("partner", "unlink", "clinic", "the-clinic")
    well("partner", "disable", "clinic")
    assert told("partner", "list") == ["clinic  The clinic  disabled  shelter"]
    well("partner", "enable", "clinic")
    assert "active" in well("partner", "list")


def test_a_partner_has_the_sites_that_were_named_last(house: Database) -> None:
    well("partner", "add", "clinic", "--name", "The clinic", "--origin", "https://Clinic.example.org/")
    assert told("partner", "origins", "clinic") == ["https://clinic.example.org"]
    said = well("partner", "origins", "clinic", "https://a.example.org", "http://127.0.0.1:8080")
    assert said == "The widget of clinic may be held by https://a.example.org, http://127.0.0.1:8080.\n"
    assert told("partner", "origins", "clinic") == ["https://a.example.org", "http://127.0.0.1:8080"]
    assert "takes an https address" in refused("partner", "origins", "clinic", "http://a.example.org")
    assert "https" in refused("partner", "add", "other", "--name", "Other", "--origin", "a.example.org")
    assert "other" not in well("partner", "list"), "all or nothing"
    assert "no site" in well("partner", "origins", "clinic", "--none")
    assert told("partner", "origins", "clinic") == []


def test_a_list_of_nothing_is_empty(house: Database) -> None:
    for what in ("partner", "user", "key"):
        assert well(what, "list") == ""


def test_a_person_from_the_invitation_to_the_last_day(house: Database) -> None:
    add_clinic()
    roles = ("--role", "counsellor", "--role", "coordinator")
    (link,) = told("user", "add", "Kari@example.org", "--partner", "clinic", *roles)
    address, _, token = link.partition("#")
    assert address == "https://help.example.org/desk/invitation"
    assert told("user", "list") == ["kari@example.org  clinic  coordinator, counsellor  invited  no codes"]
    invitations.choose_password(house, token, "four words that differ", now())
    assert "active" in well("user", "list")
    well("user", "roles", "kari@example.org", "--role", "editor")
    (link,) = told("user", "reset", "kari@example.org", "--forget-codes")
    assert link.startswith("https://help.example.org/desk/reset#")
    well("user", "disable", "kari@example.org")
    assert told("user", "list", "--partner", "clinic") == [
        "kari@example.org  clinic  editor  disabled  no codes"
    ]
    assert "disabled" in refused("user", "reset", "kari@example.org")
    well("user", "enable", "kari@example.org")


def test_a_key_from_its_making_to_its_end(house: Database) -> None:
    add_clinic()
    create = ("key", "create", "clinic", "--label", "Our journal")
    (text,) = told(*create, "--scope", "referrals:read", "--scope", "referrals:write")
    assert keys.identity_of(house, text, now()) is not None
    (line,) = told("key", "list")
    hint, partner, label, scopes, state, _, id = [cell for cell in line.split("  ") if cell]
    assert text.startswith(hint.rstrip("…"))
    assert (partner, label, scopes, state) == (
        "clinic",
        "Our journal",
        "referrals:read, referrals:write",
        "active",
    )
    (successor,) = told("key", "rotate", id, "--overlap-days", "0")
    assert keys.identity_of(house, text, now()) is None
    assert keys.identity_of(house, successor, now()) is not None
    assert "ended" in well("key", "list", "--partner", "clinic")
    well("key", "revoke", successor)
    assert keys.identity_of(house, successor, now()) is None
    assert "revoked" in refused("key", "revoke", successor[:14])
    assert "holds no more" in refused("key", "rotate", id)


def test_the_longest_overlap_of_the_command_is_that_of_the_keys(house: Database) -> None:
    add_clinic()
    told("key", "create", "clinic", "--label", "x", "--scope", "referrals:read")
    id = told("key", "list")[0].split()[-1]
    longest = keys.LONGEST_OVERLAP.days
    assert run("key", "rotate", id, "--overlap-days", str(longest + 1)).exit_code == 2
    told("key", "rotate", id, "--overlap-days", str(longest))


def test_what_is_refused_is_one_line_that_says_why(house: Database) -> None:
    add_clinic()
    told("user", "add", "kari@example.org", "--partner", "clinic", "--role", "counsellor")
    add, user = ("partner", "add"), ("user", "add", "new@example.org")
    for said, *command in (
        ("There is a partner clinic already", *add, "clinic", "--name", "Again"),
        ("slug: takes small letters", *add, "The Clinic", "--name", "The clinic"),
        ("has another partner", *add, "other", "--name", "Other", "--organization", "the-clinic"),
        ("there is no organization nowhere", *add, "other", "--name", "Other", "--organization", "nowhere"),
        ("There is no partner nobody", "partner", "disable", "nobody"),
        ("There is no partner nobody", "partner", "link", "nobody", "shelter"),
        ("does not answer for shelter", "partner", "unlink", "clinic", "shelter"),
        ("There is no partner nobody", *user, "--partner", "nobody", "--role", "editor"),
        ("there is no nurse", *user, "--partner", "clinic", "--role", "nurse"),
        (
            "an admin may not read referrals",
            *user,
            "--partner",
            "clinic",
            "--role",
            "admin",
            "--role",
            "counsellor",
        ),
        ("name the partner", *user, "--role", "counsellor"),
        ("one or more", *user, "--partner", "clinic"),
        ("email: takes an address", "user", "add", "kari", "--role", "admin"),
        (
            "There is an account kari@example.org already",
            "user",
            "add",
            "KARI@example.org",
            "--role",
            "admin",
        ),
        ("There is no account", "user", "disable", "nobody@example.org"),
        ("There is no account", "user", "reset", "nobody@example.org"),
        ("There is no account", "user", "roles", "nobody@example.org", "--role", "admin"),
        ("name the partner", "user", "add", "b@example.org", "--role", "editor"),
        (
            "there is no referrals:raed",
            "key",
            "create",
            "clinic",
            "--label",
            "x",
            "--scope",
            "referrals:raed",
        ),
        ("label: takes", "key", "create", "clinic", "--label", " ", "--scope", "referrals:read"),
        (
            "There is no partner nobody",
            "key",
            "create",
            "nobody",
            "--label",
            "x",
            "--scope",
            "referrals:read",
        ),
        ("There is no such key", "key", "revoke", "veiviser_aaaaa"),
        ("There is no such key", "key", "rotate", "nothing"),
    ):
        assert said in refused(*command), command
    assert len(told("partner", "list")) == 1
    assert len(told("user", "list")) == 1
    assert told("key", "list") == []


def test_the_first_admin_needs_no_partner(house: Database) -> None:
    (link,) = told("user", "add", "ada@example.org", "--role", "admin")
    assert "/desk/invitation#" in link
    assert told("user", "list") == ["ada@example.org  -  admin  invited  no codes"]


def test_events_that_are_sound_are_counted_and_what_is_missing_is_told(house: Database) -> None:
    assert "0 events" in well("audit", "verify")
    with house.unit_of_work() as session:
        session.get_one(AuditHead, 1).position = 3
        session.commit()
    assert "Event 1 is missing" in refused("audit", "verify")


def test_after_reencrypting_the_old_key_can_go(house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    told("user", "add", "ada@example.org", "--role", "admin")
    old = Vault([DEVELOPMENT_ENCRYPTION_KEY], DEVELOPMENT_KEY)
    with house.unit_of_work() as session:
        account = accounts.account_of(session, "ada@example.org")
        secret = one_time_codes.start(session, old, account.id).secret
        session.commit()
    new = Fernet.generate_key().decode()
    monkeypatch.setenv("VEIVISER_ENCRYPTION_KEYS", new)
    assert "lacks the key" in refused("reencrypt")
    monkeypatch.setenv("VEIVISER_ENCRYPTION_KEYS", f"{new},{DEVELOPMENT_ENCRYPTION_KEY}")
    assert "1 rows" in well("reencrypt")
    assert "0 rows" in well("reencrypt")
    with house.reading() as session:
        assert Vault([new], DEVELOPMENT_KEY).open(sealed_secret(session)) == secret


def sealed_secret(session: Session) -> bytes:
    return session.exec(select(Account.totp_secret)).one() or b""


def test_commands_that_need_the_tables_say_how_to_make_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    for command in (
        ["partner", "list"],
        ["user", "list"],
        ["key", "list"],
        ["audit", "verify"],
        ["reencrypt"],
    ):
        assert "veiviser db upgrade" in refused(*command)
