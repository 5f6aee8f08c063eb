"""The record of erasures outside the database: what it holds, for how long, and what is done by it."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from directory import erasures
from directory.config import Settings
from directory.database import Database
from directory.errors import InvalidInput
from directory.partners.models import Account, ApiKey, Partner
from directory.referrals import audit
from directory.referrals.models import Referral
from tests.factories import NOW
from tests.referral_house import CONSENT, House, house

ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def built(database: Database) -> House:
    return house(database)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "var", retention_backup_days=30)


def lines(settings: Settings) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in (settings.data_dir / "erasures").read_bytes().splitlines()]


def noted(settings: Settings) -> set[tuple[str, UUID]]:
    return set(erasures.read(settings)[0])


def closed(built: House) -> tuple[UUID, UUID]:
    """The ids of an account that is disabled and a key that is revoked."""
    with built.database.unit_of_work() as session:
        account = Account(email="kari@example.org", active=False, created_at=NOW)
        partner_id = built.sender.partner_id
        assert partner_id is not None
        key = ApiKey(partner_id=partner_id, label="a", hint="b", key_hash="c", created_at=NOW, revoked_at=NOW)
        session.add_all([account, key])
        session.commit()
        return account.id, key.id


def test_ids_and_times_are_noted_once_and_nothing_else(built: House, settings: Settings) -> None:
    view = built.withdraw(built.sender, built.requested(message="en kanarifugl", client_ref="K7-Qm2x"))
    open_one = built.requested(message="en kanarifugl")
    account, key = closed(built)
    assert erasures.note(settings, built.database, NOW) == 3
    assert erasures.note(settings, built.database, NOW + timedelta(minutes=1)) == 0
    assert noted(settings) == {("referral", view.id), ("account", account), ("key", key)}
    path = settings.data_dir / "erasures"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = path.read_text()
    assert "kanarifugl" not in told and "Qm2x" not in told and str(open_one.id) not in told
    assert lines(settings)[0] == {"of": "began", "at": NOW.isoformat()}
    assert {name for line in lines(settings) for name in line} == {
        *("of", "id", "at"),
        *("status", "reason", "withdrawn"),
    }


@ON_SQLITE
def test_nothing_is_written_where_nothing_has_changed(built: House, settings: Settings) -> None:
    closed(built)
    erasures.note(settings, built.database, NOW)
    before = (settings.data_dir / "erasures").stat().st_ino
    erasures.note(settings, built.database, NOW + timedelta(days=1))
    assert (settings.data_dir / "erasures").stat().st_ino == before


@ON_SQLITE
def test_what_is_older_than_any_backup_that_may_be_restored_is_dropped(
    built: House, settings: Settings
) -> None:
    view = built.withdraw(built.sender, built.requested())
    account, _ = closed(built)
    erasures.note(settings, built.database, NOW)
    erasures.note(settings, built.database, NOW + timedelta(days=31))
    assert ("referral", view.id) in noted(settings)
    erasures.note(settings, built.database, NOW + timedelta(days=31, seconds=1))
    assert noted(settings) == {("account", account)}, "who is disabled stays so"


@ON_SQLITE
def test_who_is_let_in_again_is_not_shut_out_by_a_restore(built: House, settings: Settings) -> None:
    account, _ = closed(built)
    erasures.note(settings, built.database, NOW)
    with built.database.unit_of_work() as session:
        session.get_one(Account, account).active = True
        session.commit()
    erasures.note(settings, built.database, NOW)
    assert ("account", account) not in noted(settings)
    with built.database.reading() as session:
        assert session.get_one(Account, account).active


@ON_SQLITE
def test_a_file_that_is_no_record_is_told_and_left_as_it_is(built: House, settings: Settings) -> None:
    path = settings.ensure_data_dir() / "erasures"
    for content in (b"{", b"[]\n", b'{"of": "referral"}\n', b'{"of": "key", "id": 1, "at": "2026-01-01"}\n'):
        path.write_bytes(content)
        with pytest.raises(InvalidInput):
            erasures.note(settings, built.database, NOW)
        assert path.read_bytes() == content


def test_what_is_back_though_it_was_erased_is_erased_when_the_record_is_next_looked_at(
    built: House, settings: Settings
) -> None:
    """As after a restore that was cut short, also when somebody has read it since."""
    view = built.requested(message="en kanarifugl")
    ended = built.requested(message="en kanarifugl")
    built.step(built.receiver, ended, "rejected", reason="no-capacity")
    _, key = closed(built)
    with built.database.unit_of_work() as session:
        session.get_one(ApiKey, key).revoked_at = None
        session.commit()
    at = (NOW + timedelta(hours=1)).isoformat()
    withdrawn = {"status": "cancelled", "reason": "consent-withdrawn", "withdrawn": True}
    erased = {"status": "rejected", "reason": "no-capacity", "withdrawn": False}
    record = (
        {"of": "began", "at": NOW.isoformat()},
        {"of": "referral", "id": str(view.id), "at": at} | withdrawn,
        {"of": "referral", "id": str(ended.id), "at": at} | erased,
        {"of": "key", "id": str(key), "at": at},
    )
    (settings.ensure_data_dir() / "erasures").write_bytes(b"\n".join(map(orjson.dumps, record)))
    later = built.later(hours=2)
    assert later.read(built.receiver, view.id).message
    assert erasures.note(settings, built.database, later.now) == 1, "the account is new"
    with built.database.reading() as session:
        row = session.get_one(Referral, view.id)
        assert (row.message, row.status, row.reason) == (None, "cancelled", "consent-withdrawn")
        assert (row.consent_withdrawn_at, row.ended_at) == (later.now, later.now)
        row = session.get_one(Referral, ended.id)
        assert (row.message, row.status, row.ended_at) == (None, "rejected", NOW)
        assert row.consent_withdrawn_at is None and row.erased_at == later.now
        assert session.get_one(ApiKey, key).revoked_at == later.now
        events = audit.verify(session)
    assert erasures.note(settings, built.database, later.now) == 0
    with built.database.reading() as session:
        assert audit.verify(session) == events, "once is enough"


@ON_SQLITE
def test_what_is_written_after_an_erasure_stays(built: House, settings: Settings) -> None:
    view = built.create(consent=CONSENT, message="en kanarifugl").view
    view = built.step(built.sender, view, "on-hold", reason="consent-withdrawn").view
    erasures.note(settings, built.database, NOW)
    later = built.later(hours=1)
    view = later.step(built.sender, view, "draft").view
    later.change(view, consent=CONSENT, message="noe nytt")
    erasures.note(settings, built.database, later.now)
    assert later.read(built.sender, view.id).message == "noe nytt"


@ON_SQLITE
def test_a_partner_that_was_disabled_is_so_again_only_by_a_restore(built: House, settings: Settings) -> None:
    with built.database.unit_of_work() as session:
        session.get_one(Partner, built.third.partner_id).active = False
        session.commit()
    erasures.note(settings, built.database, NOW)
    entries, _ = erasures.read(settings)
    with built.database.unit_of_work() as session:
        session.get_one(Partner, built.third.partner_id).active = True
        session.commit()
    erasures.apply(built.database, entries, NOW, also_closed=False)
    with built.database.reading() as session:
        assert session.get_one(Partner, built.third.partner_id).active
    erasures.apply(built.database, entries, NOW)
    with built.database.reading() as session:
        assert not session.get_one(Partner, built.third.partner_id).active


def test_a_record_of_another_machine_is_read_besides(settings: Settings, tmp_path: Path) -> None:
    key = "11111111-1111-4111-8111-111111111111"
    there = tmp_path / "erasures"
    began = {"of": "began", "at": "2026-11-01T00:00:00+00:00"}
    one = {"of": "key", "id": key, "at": "2026-11-02T00:00:00+00:00"}
    there.write_bytes(orjson.dumps(began) + b"\n" + orjson.dumps(one) + b"\n")
    entries, since = erasures.read(settings, there)
    assert entries == {("key", UUID(key)): {"at": one["at"]}}
    assert since is not None and since.day == 1
