"""Who takes part, for which organizations, with which people."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from directory.catalogue import models as catalogue
from directory.catalogue.editing import remove_service
from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotAllowed, NotFound
from directory.partners import members, partnering
from directory.partners.models import Account, Partner, SignedIn
from tests.factories import NOW, saved, service_draft

CLINIC, SHELTER = catalogue.key_of("organization", "the-clinic"), catalogue.key_of("organization", "shelter")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction over a catalogue of two organizations with a service each."""
    with database.unit_of_work() as session:
        saved(session, service_draft("test-station"), service_draft("beds", organization="shelter"))
        yield session


def add(
    session: Session, slug: str = "clinic", *organizations: str | UUID, name: str = "The clinic"
) -> Partner:
    return partnering.add_partner(session, slug=slug, name=name, organizations=organizations, now=NOW)


def answers_for(session: Session, partner: Partner) -> list[str | None]:
    return [ref.slug for ref in partnering.organizations_of(session, [partner.id])[partner.id]]


def person(
    session: Session, partner: Partner | None, *roles: str, email: str = "kari@example.org"
) -> Account:
    return members.add_account(session, email=email, roles=roles, partner=partner, now=NOW)


def signed_in(session: Session, account: Account) -> None:
    session.add(SignedIn(token_hash=uuid4().hex, account_id=account.id, began_at=NOW, seen_at=NOW))
    session.flush()


def sign_ins(session: Session) -> set[UUID]:
    return {row.account_id for row in session.exec(select(SignedIn))}


def test_a_partner_answers_for_organizations_named_by_slug_or_id(session: Session) -> None:
    partner = add(session, "clinic", "the-clinic", str(SHELTER), SHELTER, name="  The   clinic ")
    assert answers_for(session, partner) == ["shelter", "the-clinic"]
    assert (partner.name, partner.active) == ("The clinic", True)
    assert partnering.partner_of(session, "clinic") is partner
    assert partnering.partner_of(session, str(partner.id)) is partner
    assert partnering.partners(session) == [partner]


def test_a_service_has_the_active_partner_of_its_organization(session: Session) -> None:
    partner = add(session, "clinic", "the-clinic")
    service, other = (catalogue.key_of("service", slug) for slug in ("test-station", "beds"))

    def found(key: UUID) -> Partner | None:
        return partnering.partner_of_service(session, key)

    assert found(service) == partner
    assert found(other) is None
    assert found(uuid4()) is None
    partnering.set_active(session, partner, False, now=NOW)
    assert found(service) is None
    partnering.set_active(session, partner, True, now=NOW)
    assert found(service) == partner
    remove_service(session, "test-station", now=NOW)
    assert found(service) is None


def test_everything_that_is_wrong_with_a_new_partner_is_told_by_field(session: Session) -> None:
    with pytest.raises(InvalidInput) as refused:
        add(session, "The Clinic", "the-clinic", "nowhere", "neither", name=" ")
    assert set(refused.value.errors) == {"slug", "name", "organizations"}
    assert refused.value.errors["organizations"] == ["there is no organization nowhere, neither"]
    with pytest.raises(InvalidInput):
        add(session, name="x" * 201)
    with pytest.raises(InvalidInput):
        add(session, name="two\x00names")
    assert partnering.partners(session) == []


def test_a_slug_is_taken_once(session: Session) -> None:
    add(session)
    with pytest.raises(Conflict) as refused:
        add(session)
    assert refused.value.errors == {"slug": ["is taken"]}


def test_an_organization_has_one_partner(session: Session) -> None:
    first = add(session, "clinic", "the-clinic")
    with pytest.raises(Conflict) as refused:
        add(session, "other", "shelter", "the-clinic")
    assert refused.value.errors == {"organizations": ["the-clinic has another partner"]}
    partnering.link(session, first, ["the-clinic", "shelter"], now=NOW)
    assert answers_for(session, first) == ["shelter", "the-clinic"]


def test_of_several_who_give_an_organization_a_partner_at_once_one_succeeds(database: Database) -> None:
    with database.unit_of_work() as session:
        saved(session, service_draft("test-station"))
        session.commit()

    def one_more(number: int) -> bool:
        with database.unit_of_work() as session:
            try:
                add(session, f"partner-{number}", "the-clinic")
            except Conflict as refused:
                assert set(refused.errors) == {"organizations"}
                return False
            session.commit()
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(one_more, range(6))) == 1
    with database.reading() as session:
        assert len(partnering.partners(session)) == 1


def test_of_several_who_take_one_slug_or_address_at_once_one_succeeds(database: Database) -> None:
    def one_more(_: int) -> bool:
        with database.unit_of_work() as session:
            try:
                person(session, add(session), "counsellor")
            except Conflict as refused:
                assert set(refused.errors) == {"slug"}
                return False
            session.commit()
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(one_more, range(6))) == 1


def test_links_are_taken_away_and_given_to_another(session: Session) -> None:
    first, second = add(session, "first", "the-clinic", "shelter"), add(session, "second")
    partnering.unlink(session, first, ["the-clinic", str(SHELTER)], now=NOW)
    assert answers_for(session, first) == []
    partnering.link(session, second, ["the-clinic"], now=NOW)
    with pytest.raises(InvalidInput) as refused:
        partnering.unlink(session, first, ["the-clinic"], now=NOW)
    assert refused.value.errors == {"organizations": ["first does not answer for the-clinic"]}


def test_a_link_outlives_an_organization_that_leaves_the_catalogue(session: Session) -> None:
    partner = add(session, "clinic", "the-clinic")
    remove_service(session, "test-station", now=NOW)
    session.delete(session.get_one(catalogue.Organization, CLINIC))
    session.flush()
    (ref,) = partnering.organizations_of(session, [partner.id])[partner.id]
    assert (ref.id, ref.slug, ref.names) == (CLINIC, None, {})
    partnering.unlink(session, partner, [str(CLINIC)], now=NOW)
    assert answers_for(session, partner) == []


def test_disabling_a_partner_ends_the_sign_ins_of_its_people_and_of_nobody_else(session: Session) -> None:
    clinic, other = add(session), add(session, "other")
    ours = person(session, clinic, "counsellor")
    theirs = person(session, other, "counsellor", email="ola@example.org")
    for account in (ours, ours, theirs):
        signed_in(session, account)
    partnering.set_active(session, clinic, False, now=NOW)
    assert sign_ins(session) == {theirs.id}


@pytest.mark.parametrize("name", ["nobody", str(UUID(int=0)), ""])
def test_a_partner_that_does_not_exist_is_not_found(session: Session, name: str) -> None:
    with pytest.raises(NotFound):
        partnering.partner_of(session, name)


def test_a_partner_is_renamed(session: Session) -> None:
    partner = add(session)
    partnering.rename(session, partner, "Another")
    assert partnering.partner_of(session, "clinic").name == "Another"
    with pytest.raises(InvalidInput):
        partnering.rename(session, partner, "")


def test_people_are_known_by_their_address_in_small_letters(session: Session) -> None:
    account = person(session, add(session), "editor", "counsellor", "editor", email=" Kari@Example.ORG ")
    assert (account.email, account.roles) == ("kari@example.org", ["counsellor", "editor"])
    with pytest.raises(Conflict) as refused:
        person(session, None, "steward", email="KARI@example.org")
    assert refused.value.errors == {"email": ["has an account already"]}


@pytest.mark.parametrize(
    "email",
    [
        "",
        "kari",
        "kari@",
        "@example.org",
        "a@b@c",
        "ka ri@example.org",
        "kari@example.org\n.evil",
        "Kari <kari@example.org>",
        "\u212aari@example.org",  # a Kelvin sign, which is a k in small letters
        "kari\uff20example.org",
        "kåri@example.org",
        "kari\x00@example.org",
        "\ud800@example.org",
        f"{'k' * 65}@example.org",
        f"kari@{'e' * 250}",
    ],
)
def test_what_is_no_address_or_could_be_taken_for_anothers_is_refused(session: Session, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        person(session, None, "steward", email=email)
    assert set(refused.value.errors) == {"email"}


def test_everything_that_is_wrong_with_a_new_account_is_told_by_field(session: Session) -> None:
    with pytest.raises(InvalidInput) as refused:
        person(session, None, "counsellor", email="kari")
    assert set(refused.value.errors) == {"email", "roles"}
    with pytest.raises(InvalidInput):
        person(session, add(session), "admin", "counsellor")


def test_a_disabled_partner_gets_no_people(session: Session) -> None:
    partner = add(session)
    partnering.set_active(session, partner, False, now=NOW)
    with pytest.raises(Conflict) as refused:
        person(session, partner, "counsellor")
    assert refused.value.errors == {"partner": ["is disabled"]}


def test_a_coordinator_makes_nobody_a_steward_or_admin(session: Session) -> None:
    partner = add(session)
    kari = person(session, partner, "counsellor")
    for roles in (["steward"], ["admin"], ["editor", "steward"]):
        with pytest.raises(InvalidInput) as refused:
            members.set_roles(session, kari, roles, may_give=members.BY_A_COORDINATOR)
        assert refused.value.errors == {"roles": ["takes coordinator, counsellor, editor"]}
        with pytest.raises(InvalidInput):
            members.add_account(
                session,
                email="new@example.org",
                roles=roles,
                partner=partner,
                now=NOW,
                may_give=members.BY_A_COORDINATOR,
            )
    members.set_roles(session, kari, ["editor", "coordinator"], may_give=members.BY_A_COORDINATOR)
    assert kari.roles == ["coordinator", "editor"]


def test_a_coordinator_sees_to_own_members_only_and_not_to_those_who_run_the_platform(
    session: Session,
) -> None:
    clinic, other = add(session), add(session, "other")
    kari = person(session, clinic, "counsellor")
    boss = person(session, clinic, "admin", "editor", email="boss@example.org")
    assert members.member_of(session, clinic.id, kari.id) is kari
    for partner, account in ((other, kari.id), (clinic, uuid4())):
        with pytest.raises(NotFound):
            members.member_of(session, partner.id, account)
    with pytest.raises(NotAllowed):
        members.member_of(session, clinic.id, boss.id)


def test_people_are_listed_by_partner(session: Session) -> None:
    clinic = add(session)
    kari = person(session, clinic, "counsellor")
    ada = person(session, None, "admin", email="ada@example.org")
    assert members.accounts(session) == [ada, kari]
    assert members.accounts(session, clinic.id) == [kari]


def test_roles_can_not_be_taken_away_altogether_or_become_impossible(session: Session) -> None:
    ada = person(session, None, "admin", email="ada@example.org")
    for roles in ([], ["counsellor"], ["admin", "nurse"]):
        with pytest.raises(InvalidInput):
            members.set_roles(session, ada, roles)
    assert ada.roles == ["admin"]


def test_disabling_a_person_ends_all_sign_ins_of_that_person(session: Session) -> None:
    kari, ola = (person(session, None, "steward", email=f"{name}@example.org") for name in ("kari", "ola"))
    for account in (kari, kari, ola):
        signed_in(session, account)
    members.set_account_active(session, kari, False)
    assert sign_ins(session) == {ola.id}
    assert not kari.active
