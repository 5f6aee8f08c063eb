"""Who may do what: identities, roles, scopes, and the rules for one referral, as pure functions.

What a role may do at all stands in the table of permissions (``security``): one entry for each route. What one
identity may do to one referral stands here. Nobody but sender and receiver may know that a referral exists.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    COUNSELLOR = "counsellor"  # refers clients, answers referrals
    COORDINATOR = "coordinator"  # and sees to members, keys and reports
    EDITOR = "editor"  # keeps the entries of the partner's own services
    STEWARD = "steward"  # keeps any entry
    ADMIN = "admin"  # sees to partners and settings, and may not read referrals


class Scope(StrEnum):
    CATALOGUE_WRITE = "catalogue:write"
    REFERRALS_READ = "referrals:read"
    REFERRALS_WRITE = "referrals:write"


OF_A_PARTNER = frozenset({Role.COUNSELLOR, Role.COORDINATOR, Role.EDITOR})
READ_REFERRALS = frozenset({Role.COUNSELLOR, Role.COORDINATOR})


class Party(StrEnum):
    """What a partner is to a referral."""

    SENDER = "sender"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking: a person who is signed in, or a partner's system by its key. ``id``: of the account or the key."""

    id: UUID
    partner_id: UUID | None
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    is_key: bool = False

    def may(self, roles: Collection[Role], scope: Scope | None) -> bool:
        """Whether any of its roles, or as a key its scopes, is among those that may."""
        return scope in self.scopes if self.is_key else not self.roles.isdisjoint(roles)


def wrong_roles(roles: Collection[str], *, of_a_partner: bool) -> str | None:
    """What is wrong with giving these roles to one person, or None.

    Who runs the platform may not read referrals, so an admin can't be counsellor or coordinator as well.
    """
    known = {role.value for role in Role}
    if not roles:
        return f"takes one or more of {', '.join(sorted(known))}"
    if unknown := sorted(set(roles) - known):
        return f"takes {', '.join(sorted(known))}; there is no {', '.join(unknown)}"
    given = {Role(role) for role in roles}
    if given & OF_A_PARTNER and not of_a_partner:
        return f"{', '.join(sorted(given & OF_A_PARTNER))} is a role in a partner: name the partner"
    if Role.ADMIN in given and given & READ_REFERRALS:
        return "an admin may not read referrals, so can't be counsellor or coordinator"
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a referral decides who may see it."""

    sender_id: UUID
    receiver_id: UUID | None  # of a carried one: who redeemed it
    ever_sent: bool
    consent_needed: bool  # not for one that the client carries
    consent_withdrawn: bool
    consent_expires_on: date | None  # its last day


def parties(identity: Identity, standing: Standing, today: date) -> frozenset[Party]:
    """What the identity is to the referral; both, where a partner refers to a service of its own; nothing: it may not
    know that there is such a referral. The receiver sees it from when it is sent, for as long as consent lasts.
    """
    found = set()
    if identity.partner_id is not None:
        if identity.partner_id == standing.sender_id:
            found.add(Party.SENDER)
        if identity.partner_id == standing.receiver_id and receiver_sees(standing, today):
            found.add(Party.RECEIVER)
    return frozenset(found)


def receiver_sees(standing: Standing, today: date) -> bool:
    if not standing.ever_sent or standing.receiver_id is None or standing.consent_withdrawn:
        return False
    return not (
        standing.consent_needed
        and standing.consent_expires_on is not None
        and standing.consent_expires_on < today
    )
