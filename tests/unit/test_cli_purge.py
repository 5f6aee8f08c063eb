"""What may not be kept any longer is erased by a command that a timer runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from directory.cli import main
from directory.config import DEVELOPMENT_ENCRYPTION_KEY, DEVELOPMENT_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.referrals import composing
from directory.referrals.consent import day_of
from directory.terminal import now
from tests.factories import NEEDS
from tests.referral_house import House, house


def refer(built: House, ends_in_days: int) -> None:
    """A referral of three days ago, with a message."""
    then = now() - timedelta(days=3)
    vault = Vault([DEVELOPMENT_ENCRYPTION_KEY], DEVELOPMENT_KEY)
    consent = {
        "given_on": str(day_of(then)),
        "method": "oral",
        "covers": ["receiver", "content"],
        "expires_on": str(day_of(now()) + timedelta(days=ends_in_days)),
    }
    said = {"service_id": "clinic", "status": "requested", "message": "Hei", "consent": consent}
    with built.database.unit_of_work() as session:
        composing.create(session, vault, built.sender, said, needs=NEEDS, now=then)
        session.commit()


def test_what_was_written_on_a_consent_that_has_ended_is_erased_by_a_command(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEIVISER_DATABASE_URL", database.url)
    monkeypatch.chdir(tmp_path)
    built = house(database)
    refer(built, ends_in_days=-2)
    refer(built, ends_in_days=5)
    for expected in ("1  erased as consent had ended", "0  erased as consent had ended"):
        result = CliRunner().invoke(main, ["purge"])
        assert result.exit_code == 0, result.output
        assert expected in result.stdout
    with database.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT message, erased_at FROM referral ORDER BY consent_expires_on")
        ).all()
    assert [(row.message is None, row.erased_at is None) for row in rows] == [(True, False), (False, True)]
