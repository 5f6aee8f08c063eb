"""A referral as one party sees it: what consent covers for the receiver, and what is the sender's own for the
sender.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Table, select
from sqlmodel import Session

from directory.catalogue.models import Service
from directory.encryption import Vault
from directory.partners.access import Party
from directory.partners.models import Partner
from directory.referrals import waiting
from directory.referrals.consent import day_of
from directory.referrals.lifecycle import legal_steps
from directory.referrals.models import Referral
from directory.referrals.privacy import Contents, opened

_SERVICE: Table = Service.__table__  # type: ignore[attr-defined]
_PARTNER: Table = Partner.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class ServiceName:
    """``slug`` None, and no names: the service has left the catalogue."""

    id: UUID
    slug: str | None
    names: Mapping[str, str]  # BCP 47 code -> name


@dataclass(frozen=True, slots=True)
class PartnerName:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class GivenConsent:
    given_on: date
    method: str
    covers: tuple[str, ...]
    expires_on: date | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """A referral as one party sees it. In a list without ``message`` and ``contact``, and ``client_ref`` only
    for the sender.
    """

    id: UUID
    version: int
    status: str
    reason: str | None
    outcome: str | None
    delivery: str
    service: ServiceName
    sender: PartnerName
    receiver: PartnerName | None
    your_part: frozenset[Party]
    next: tuple[str, ...]  # statuses that this party can bring it to
    needs: tuple[str, ...]
    languages: tuple[str, ...]
    urgency: str
    context: str
    contact_preference: str
    contact: Mapping[str, str] | None
    client_ref: str | None
    message: str | None
    consent: GivenConsent | None
    appointment_at: datetime | None
    follow_up_on: date | None
    revisit_on: date | None
    answer_by: date | None  # while an answer is waited for: its last day
    due: tuple[waiting.Due, ...]  # why it waits for this party today
    refers_on: UUID | None  # the sender's own
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    ended_at: datetime | None
    erased_at: datetime | None


def view_of(
    session: Session,
    vault: Vault,
    referral: Referral,
    parts: frozenset[Party],
    *,
    now: datetime,
    in_list: bool = False,
) -> View:
    """As these parties see it. ``in_list``: without what was written."""
    return views_of(session, vault, [(referral, parts)], now=now, in_list=in_list)[0]


def views_of(
    session: Session,
    vault: Vault,
    rows: Sequence[tuple[Referral, frozenset[Party]]],
    *,
    now: datetime,
    in_list: bool,
) -> list[View]:
    """Each as its parties see it, the names of services and partners looked up for all at once."""
    today = day_of(now)
    services = service_names(session, {row.service_id for row, _ in rows})
    keys = {key for row, _ in rows for key in (row.sender_id, row.receiver_id) if key is not None}
    found_partners = session.execute(select(_PARTNER.c.id, _PARTNER.c.name).where(_PARTNER.c.id.in_(keys)))
    partners = {key: PartnerName(key, name) for key, name in found_partners}
    written = waiting.last_written(session, (row for row, _ in rows), today)
    return [
        _view(
            vault,
            row,
            parts,
            services,
            partners,
            waiting.dues(row, parts, today, written.get(row.id)),
            in_list,
        )
        for row, parts in rows
    ]


def service_names(session: Session, keys: Iterable[UUID]) -> dict[UUID, ServiceName]:
    """Of each of these services, also where it has left the catalogue."""
    names = {key: ServiceName(key, None, {}) for key in keys}
    query = select(_SERVICE.c.id, _SERVICE.c.slug, _SERVICE.c.names).where(_SERVICE.c.id.in_(names))
    return names | {row.id: ServiceName(row.id, row.slug, row.names) for row in session.execute(query)}


def _view(
    vault: Vault,
    row: Referral,
    parts: frozenset[Party],
    services: Mapping[UUID, ServiceName],
    partners: Mapping[UUID, PartnerName],
    due: tuple[waiting.Due, ...],
    in_list: bool,
) -> View:
    is_sender = Party.SENDER in parts
    contents = Contents() if in_list and not is_sender else opened(row, vault)
    consent = None
    if row.consent_given_on is not None and row.consent_method is not None:
        consent = GivenConsent(
            row.consent_given_on,
            row.consent_method,
            tuple(row.consent_covers),
            row.consent_expires_on,
            row.consent_withdrawn_at,
        )

    def covered(part: str) -> bool:
        return not in_list and (is_sender or part in row.consent_covers)

    return View(
        id=row.id,
        version=row.version,
        status=row.status,
        reason=row.reason,
        outcome=row.outcome,
        delivery=row.delivery,
        service=services[row.service_id],
        sender=partners[row.sender_id],
        receiver=partners[row.receiver_id] if row.receiver_id else None,
        your_part=parts,
        next=legal_steps(row.status, parts, row.sent_at is not None),
        needs=tuple(row.needs),
        languages=tuple(row.languages),
        urgency=row.urgency,
        context=row.context,
        contact_preference=row.contact_preference,
        contact=contents.contact if covered("contact") else None,
        client_ref=contents.client_ref,
        message=contents.message if covered("content") else None,
        consent=consent,
        appointment_at=row.appointment_at,
        follow_up_on=row.follow_up_on,
        revisit_on=row.revisit_on,
        answer_by=waiting.answer_by(row),
        due=due,
        refers_on=row.refers_on if is_sender else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        sent_at=row.sent_at,
        received_at=row.received_at,
        ended_at=row.ended_at,
        erased_at=row.erased_at,
    )
