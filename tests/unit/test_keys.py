"""Keys: shown once, scoped, rotated with overlap, dead at once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotFound
from directory.partners import keys, partnering
from directory.partners.access import Scope
from directory.partners.models import ApiKey, Partner
from tests.factories import NOW

DAY = timedelta(days=1)
READ = frozenset({Scope.REFERRALS_READ})


@pytest.fixture
def partner(database: Database) -> Partner:
    with database.unit_of_work() as session:
        made = partnering.add_partner(session, slug="clinic", name="The clinic", organizations=(), now=NOW)
        session.commit()
    return made


def create(database: Database, partner: Partner, *scopes: str, label: str = "Journal") -> tuple[ApiKey, str]:
    with database.unit_of_work() as session:
        made = keys.create(session, partner, label=label, scopes=scopes or ["referrals:read"], now=NOW)
        session.commit()
    return made


def rotate(
    database: Database, key: ApiKey, now: datetime = NOW, overlap: timedelta = keys.OVERLAP
) -> tuple[ApiKey, str]:
    with database.unit_of_work() as session:
        made = keys.rotate(session, keys.key_of(session, str(key.id)), now=now, overlap=overlap)
        session.commit()
    return made


def revoke(database: Database, key: ApiKey, now: datetime = NOW) -> None:
    with database.unit_of_work() as session:
        keys.revoke(session, keys.key_of(session, str(key.id)), now=now)
        session.commit()


def test_a_key_is_256_random_bits_with_a_prefix_and_a_checksum(database: Database, partner: Partner) -> None:
    made = {create(database, partner)[1] for _ in range(5)}
    assert len(made) == 5
    for text in made:
        assert re.fullmatch(r"veiviser_[0-9A-Za-z]{49}", text)
        assert keys.looks_like_key(text)


def test_who_asks_by_a_key_is_its_partner_with_its_scopes(database: Database, partner: Partner) -> None:
    key, text = create(database, partner, "referrals:write", "referrals:read")
    found = keys.identity_of(database, text, NOW)
    assert found is not None
    assert (found.id, found.partner_id, found.is_key, found.roles) == (key.id, partner.id, True, frozenset())
    assert found.scopes == {Scope.REFERRALS_READ, Scope.REFERRALS_WRITE}


def test_of_the_text_only_a_hash_and_its_beginning_are_kept(database: Database, partner: Partner) -> None:
    _, text = create(database, partner)
    with database.reading() as session:
        kept = session.exec(select(ApiKey)).one().model_dump_json()
    assert text[:14] in kept
    assert text[:16] not in kept


def test_a_slip_is_told_from_a_key(database: Database, partner: Partner) -> None:
    _, text = create(database, partner)
    for at in (0, 9, 30, len(text) - 1):
        slip = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
        assert not keys.looks_like_key(slip)
        assert keys.identity_of(database, slip, NOW) is None
    assert not keys.looks_like_key(text + "a")
    assert not keys.looks_like_key(text[:-1])


@given(st.text() | st.from_regex(r"veiviser_[0-9A-Za-z]{49}", fullmatch=True))
def test_hardly_anything_looks_like_a_key_by_accident(text: str) -> None:
    assert not keys.looks_like_key(text)


def test_a_key_that_nobody_was_given_is_nobody(database: Database, partner: Partner) -> None:
    body = keys.PREFIX + "a" * 43
    forged = body + keys._checksum(body)
    assert keys.looks_like_key(forged)
    assert keys.identity_of(database, forged, NOW) is None


def test_a_revoked_key_is_dead_at_once_and_for_good(database: Database, partner: Partner) -> None:
    key, text = create(database, partner)
    revoke(database, key)
    assert keys.identity_of(database, text, NOW) is None
    with pytest.raises(Conflict, match="revoked on 2026-11-22 already"):
        revoke(database, key)
    with pytest.raises(Conflict, match="holds no more"):
        rotate(database, key)


def test_a_rotated_key_holds_for_the_overlap_beside_its_successor(
    database: Database, partner: Partner
) -> None:
    old, text = create(database, partner)
    new, successor = rotate(database, old)
    assert (new.scopes, new.label, new.partner_id) == (old.scopes, old.label, partner.id)
    for moment in (NOW, NOW + 7 * DAY - timedelta(seconds=1)):
        assert keys.identity_of(database, text, moment) is not None
        assert keys.identity_of(database, successor, moment) is not None
    assert keys.identity_of(database, text, NOW + 7 * DAY) is None
    assert keys.identity_of(database, successor, NOW + 700 * DAY) is not None


def test_a_rotation_without_overlap_ends_the_old_key_now(database: Database, partner: Partner) -> None:
    old, text = create(database, partner)
    rotate(database, old, overlap=timedelta(0))
    assert keys.identity_of(database, text, NOW) is None
    with pytest.raises(Conflict):
        rotate(database, old)


def test_rotating_again_does_not_lengthen_the_life_of_the_old_key(
    database: Database, partner: Partner
) -> None:
    old, text = create(database, partner)
    rotate(database, old, overlap=DAY)
    rotate(database, old, overlap=30 * DAY)
    assert keys.identity_of(database, text, NOW + DAY) is None


@pytest.mark.parametrize("overlap", [-DAY, 91 * DAY])
def test_an_overlap_that_makes_no_sense_is_refused(
    database: Database, partner: Partner, overlap: timedelta
) -> None:
    old, _ = create(database, partner)
    with pytest.raises(InvalidInput) as refused:
        rotate(database, old, overlap=overlap)
    assert refused.value.errors == {"overlap_days": ["takes 0 to 90"]}


def test_a_disabled_partners_keys_open_nothing_until_it_takes_part_again(
    database: Database, partner: Partner
) -> None:
    _, text = create(database, partner)
    for active in (False, True):
        with database.unit_of_work() as session:
            partnering.set_active(session, partnering.partner_of(session, "clinic"), active, now=NOW)
            session.commit()
        assert (keys.identity_of(database, text, NOW) is not None) is active


def test_a_disabled_partner_gets_no_key(database: Database, partner: Partner) -> None:
    with database.unit_of_work() as session:
        of = partnering.partner_of(session, "clinic")
        partnering.set_active(session, of, False, now=NOW)
        with pytest.raises(Conflict, match="disabled"):
            keys.create(session, of, label="Journal", scopes=["referrals:read"], now=NOW)


def test_everything_that_is_wrong_with_a_new_key_is_told_by_field(
    database: Database, partner: Partner
) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(database, partner, "referrals:raed", label="   ")
    assert set(refused.value.errors) == {"label", "scopes"}
    with database.unit_of_work() as session, pytest.raises(InvalidInput, match="not valid") as refused:
        keys.create(session, partner, label="x" * 101, scopes=[], now=NOW)
    assert "one or more" in refused.value.errors["scopes"][0]
    assert "label" in refused.value.errors


def test_the_day_of_the_last_use_is_noted_once_a_day(database: Database, partner: Partner) -> None:
    key, text = create(database, partner)

    def used() -> object:
        with database.reading() as session:
            return session.get_one(ApiKey, key.id).used_on

    assert used() is None
    keys.identity_of(database, text, NOW)
    assert used() == NOW.date()
    keys.identity_of(database, text, NOW + DAY)
    assert used() == (NOW + DAY).date()
    keys.identity_of(database, text, NOW)
    assert used() == (NOW + DAY).date(), "a clock that is set back rewrites nothing"


def test_a_key_is_found_by_id_hint_and_by_itself_and_by_nothing_less(
    database: Database, partner: Partner
) -> None:
    key, text = create(database, partner)
    with database.unit_of_work() as session:
        for name in (str(key.id), key.hint, f"{key.hint}…", text):
            assert keys.key_of(session, name).id == key.id
        for name in ("veiviser_", key.hint[:-1], text[:-1], str(uuid4()), ""):
            with pytest.raises(NotFound) as missing:
                keys.key_of(session, name)
            assert not name or name not in missing.value.detail
        with pytest.raises(NotFound):
            keys.key_of(session, str(key.id), uuid4())


def test_a_beginning_that_two_keys_share_names_neither(database: Database, partner: Partner) -> None:
    (one, _), (other, _) = create(database, partner), create(database, partner)
    with database.unit_of_work() as session:
        twin = session.get_one(ApiKey, other.id)
        twin.hint = one.hint
        session.add(twin)
        session.flush()
        with pytest.raises(Conflict, match="by its id"):
            keys.key_of(session, one.hint)


def test_the_state_of_a_key_is_told(database: Database, partner: Partner) -> None:
    key, _ = create(database, partner)
    assert keys.state(key, NOW) == "active"
    rotate(database, key, NOW + timedelta(seconds=1), overlap=DAY)
    with database.reading() as session:
        rotated = keys.keys_of(session, partner.id)[0]
        assert rotated.id == key.id
        assert keys.keys_of(session, uuid4()) == []
    assert keys.state(rotated, NOW) == "ending"
    assert keys.state(rotated, NOW + DAY + timedelta(seconds=1)) == "ended"
    revoke(database, key)
    with database.reading() as session:
        assert keys.state(session.get_one(ApiKey, key.id), NOW) == "revoked"
