"""What waits and what was given up, seen and sent again by command."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from sqlmodel import select

from directory.cli import main
from directory.config import DEVELOPMENT_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.outbox import endpoints
from directory.outbox.models import OutboxMessage, WebhookEndpoint
from directory.partners.models import Partner
from tests.factories import NOW


@pytest.fixture
def messages(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """One that waits and two that were given up, of a database that the commands are told of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEIVISER_DATABASE_URL", database.url)
    with database.unit_of_work() as session:
        partner = Partner(slug="clinic", name="Clinic", mailbox="post@example.org", created_at=NOW)
        session.add(partner)
        session.flush()
        made = [
            OutboxMessage(
                referral_id=uuid4(),
                partner_id=partner.id,
                channel="mail",
                event="referral.accepted",
                created_at=NOW,
                next_at=NOW,
                state=state,
                error=error,
            )
            for state, error in (("waiting", None), ("dead", "it hung"), ("dead", "it broke off"))
        ]
        session.add_all(made)
        session.commit()
    return [message.id for message in made]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["outbox", *arguments])


def test_what_waits_and_what_was_given_up_are_listed(messages: list[UUID]) -> None:
    waiting, dead = run("list").stdout, run("list", "--dead").stdout
    assert [line.split()[0] for line in waiting.splitlines()] == [str(messages[0])]
    assert [line.split()[0] for line in dead.splitlines()] == [str(id) for id in messages[1:]]
    assert "it broke off" in dead


def test_what_was_given_up_is_sent_again_one_or_all(messages: list[UUID], database: Database) -> None:
    assert run("replay", str(messages[1])).exit_code == 0
    for wrong in ([], [str(messages[1]), "--all-dead"], [str(messages[0])], ["nonsense"]):
        assert run("replay", *wrong).exit_code != 0, wrong
    assert "1 messages" in run("replay", "--all-dead").stdout
    with database.reading() as session:
        assert {one.state for one in session.exec(select(OutboxMessage))} == {"waiting"}


def test_secrets_of_webhooks_are_encrypted_anew_with_all_the_rest(
    messages: list[UUID], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    before = Vault([old], DEVELOPMENT_KEY)
    with database.unit_of_work() as session:
        partner = session.exec(select(Partner)).one()
        endpoint, secret = endpoints.add(
            session,
            before,
            partner,
            url="https://192.0.43.8/",
            resolver=lambda name, port: [],
            loopback=False,
            now=NOW,
        )
        endpoints.rotate(session, before, endpoint, now=NOW)
        session.commit()
    monkeypatch.setenv("VEIVISER_ENCRYPTION_KEYS", f"{new},{old}")
    assert CliRunner().invoke(main, ["reencrypt"]).exit_code == 0
    with database.reading() as session:
        kept = session.exec(select(WebhookEndpoint)).one()
    assert Vault([new], DEVELOPMENT_KEY).open(kept.previous_secret or b"") == secret
    assert Vault([new], DEVELOPMENT_KEY).open(kept.secret) != secret
