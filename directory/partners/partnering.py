"""Partners, and the organizations of the catalogue that they answer for. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Table, delete, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as rows

from directory.catalogue import models as catalogue
from directory.catalogue.drafts import Slug
from directory.catalogue.editing import organizations_stand_anew
from directory.errors import Conflict, InvalidInput, NotFound
from directory.partners.accounts import end_sign_ins
from directory.partners.addresses import checked
from directory.partners.models import Account, Partner, PartnerOrganization

LONGEST_NAME = 200  # characters

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_ORGANIZATION: Table = catalogue.Organization.__table__  # type: ignore[attr-defined]
_LINK: Table = PartnerOrganization.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    """``names``: BCP 47 code -> name. Slug and names are None and empty for one that has left the catalogue."""

    id: UUID
    slug: str | None
    names: dict[str, str]


def add_partner(
    session: Session, *, slug: str, name: str, organizations: Sequence[str | UUID], now: datetime
) -> Partner:
    """A new partner, active, that answers for these organizations of the catalogue (slugs or ids; may be none).

    Raises InvalidInput on ``slug``, ``name`` and ``organizations``; Conflict on ``slug`` where it is taken, and on
    ``organizations`` where one has another partner.
    """
    errors: dict[str, list[str]] = {}
    try:
        _SLUG.validate_python(slug)
    except ValidationError:
        errors["slug"] = ["takes small letters, digits and single hyphens, such as the-clinic"]
    try:
        name = _name(name)
    except InvalidInput as error:
        errors |= error.errors
    try:
        _organization_ids(session, organizations)
    except InvalidInput as error:
        errors |= error.errors
    if errors:
        raise InvalidInput(errors)
    taken = Conflict(f"There is a partner {slug} already.", {"slug": ["is taken"]})
    if session.exec(rows(Partner).where(Partner.slug == slug)).first():
        raise taken
    partner = Partner(slug=slug, name=name, created_at=now)
    session.add(partner)
    try:
        session.flush()
    except IntegrityError:  # somebody else was as quick
        raise taken from None
    link(session, partner, organizations, now=now)
    return partner


def partners(session: Session) -> list[Partner]:
    """All partners, also disabled ones, by slug."""
    return list(session.exec(rows(Partner).order_by(col(Partner.slug))))


def partner_of(session: Session, id_or_slug: str) -> Partner:
    """Raises NotFound."""
    try:
        found = session.get(Partner, UUID(id_or_slug))
    except ValueError:
        found = session.exec(rows(Partner).where(Partner.slug == id_or_slug)).first()
    if found is None:
        raise NotFound(f"There is no partner {id_or_slug}.")
    return found


def rename(session: Session, partner: Partner, name: str) -> None:
    """Raises InvalidInput on ``name``."""
    partner.name = _name(name)
    session.add(partner)
    session.flush()


def set_mailbox(session: Session, partner: Partner, address: str | None) -> None:
    """An address of the partner's own that mail about referrals goes to; None or empty: to its people. Raises
    InvalidInput on ``mailbox``."""
    try:
        partner.mailbox = checked(address) if address else None
    except InvalidInput as error:
        raise InvalidInput({"mailbox": error.errors["email"]}) from None
    session.add(partner)
    session.flush()


def set_active(session: Session, partner: Partner, active: bool, *, now: datetime) -> None:
    """Disabling ends all sign-ins of its people at once; its keys open nothing, and nothing is referred to it."""
    if partner.active != active:
        organizations_stand_anew(session, _organizations(session, partner), now)
    partner.active = active
    session.add(partner)
    session.flush()
    if not active:
        end_sign_ins(session, list(session.exec(rows(Account.id).where(Account.partner_id == partner.id))))


def link(session: Session, partner: Partner, organizations: Sequence[str | UUID], *, now: datetime) -> None:
    """Let it answer for these too (slugs or ids). Raises InvalidInput on ``organizations``, and Conflict where one has
    another partner.
    """
    ids = _organization_ids(session, organizations)
    _refuse_others(session, partner, ids)
    has = _organizations(session, partner)
    new = [key for key in ids if key not in has]
    if partner.active:
        organizations_stand_anew(session, new, now)
    session.add_all(PartnerOrganization(organization_id=key, partner_id=partner.id) for key in new)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(
            "An organization was just given another partner.", {"organizations": ["has another partner"]}
        ) from None


def unlink(session: Session, partner: Partner, organizations: Sequence[str | UUID], *, now: datetime) -> None:
    """Let it answer for these no more (slugs or ids). Raises InvalidInput on ``organizations`` where it does not."""
    refs = organizations_of(session, [partner.id])[partner.id]
    by_name = {name: ref.id for ref in refs for name in (str(ref.id), ref.slug) if name}
    if unknown := [str(one) for one in organizations if str(one) not in by_name]:
        raise InvalidInput.of("organizations", f"{partner.slug} does not answer for {', '.join(unknown)}")
    gone = {by_name[str(one)] for one in organizations}
    if partner.active:
        organizations_stand_anew(session, gone, now)
    session.execute(delete(_LINK).where(_LINK.c.organization_id.in_(gone)))


def _organizations(session: Session, partner: Partner) -> set[UUID]:
    return set(
        session.execute(select(_LINK.c.organization_id).where(_LINK.c.partner_id == partner.id)).scalars()
    )


def organizations_of(
    session: Session, partner_ids: Collection[UUID]
) -> dict[UUID, tuple[OrganizationRef, ...]]:
    """What each of these partners answers for, by slug."""
    query = (
        select(_LINK.c.partner_id, _LINK.c.organization_id, _ORGANIZATION.c.slug, _ORGANIZATION.c.names)
        .join(_ORGANIZATION, _ORGANIZATION.c.id == _LINK.c.organization_id, isouter=True)
        .where(_LINK.c.partner_id.in_(partner_ids))
        .order_by(_ORGANIZATION.c.slug, _LINK.c.organization_id)
    )
    found: dict[UUID, tuple[OrganizationRef, ...]] = dict.fromkeys(partner_ids, ())
    for row in session.execute(query):
        ref = OrganizationRef(row.organization_id, row.slug, row.names or {})
        found[row.partner_id] = (*found[row.partner_id], ref)
    return found


def partner_of_service(session: Session, service_id: UUID) -> Partner | None:
    """The active partner who answers for the service's organization, if there is one."""
    query = (
        rows(Partner)
        .join(PartnerOrganization, col(PartnerOrganization.partner_id) == col(Partner.id))
        .join(
            catalogue.Service,
            col(catalogue.Service.organization_id) == col(PartnerOrganization.organization_id),
        )
        .where(catalogue.Service.id == service_id, col(Partner.active))
    )
    return session.exec(query).first()


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidInput.of("name", f"takes 1 to {LONGEST_NAME} characters")
    return name


def _organization_ids(session: Session, organizations: Sequence[str | UUID]) -> list[UUID]:
    """Their ids, each once. Raises InvalidInput that names those that are not in the catalogue."""
    given = list(dict.fromkeys(str(one) for one in organizations))
    named: dict[str, UUID] = {}
    for one in given:
        try:
            found = session.execute(
                select(_ORGANIZATION.c.id).where(_ORGANIZATION.c.id == UUID(one))
            ).scalar()
        except ValueError:
            found = session.execute(select(_ORGANIZATION.c.id).where(_ORGANIZATION.c.slug == one)).scalar()
        if found is not None:
            named[one] = found
    if unknown := [one for one in given if one not in named]:
        raise InvalidInput.of("organizations", f"there is no organization {', '.join(unknown)}")
    return list(dict.fromkeys(named.values()))


def _refuse_others(session: Session, partner: Partner, ids: list[UUID]) -> None:
    query = (
        select(_ORGANIZATION.c.slug)
        .join(_LINK, _LINK.c.organization_id == _ORGANIZATION.c.id)
        .where(_LINK.c.organization_id.in_(ids), _LINK.c.partner_id != partner.id)
        .order_by(_ORGANIZATION.c.slug)
    )
    if others := list(session.execute(query).scalars()):
        said = f"{', '.join(others)} has another partner"
        raise Conflict(f"The organization {said}.", {"organizations": [said]})
