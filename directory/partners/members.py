"""The people of a partner, and those who run the platform. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from directory.errors import Conflict, InvalidInput, NotAllowed, NotFound
from directory.partners.access import OF_A_PARTNER, Role, wrong_roles
from directory.partners.accounts import end_sign_ins
from directory.partners.addresses import checked
from directory.partners.models import Account, Partner

ALL = frozenset(Role)
NOTICES = ("all", "none")
BY_A_COORDINATOR = OF_A_PARTNER  # the roles that a coordinator may give, and take


def add_account(
    session: Session,
    *,
    email: str,
    roles: Collection[str],
    partner: Partner | None,
    now: datetime,
    may_give: Collection[Role] = ALL,
) -> Account:
    """A new account, which takes no sign-in before its owner has chosen a password (``invitations.invite``).

    Raises InvalidInput on ``email`` and ``roles``; Conflict on ``email`` where there is such an account, and on
    ``partner`` where that is disabled.
    """
    errors: dict[str, list[str]] = {}
    for check in (lambda: checked(email), lambda: _roles(roles, partner is not None, may_give)):
        try:
            check()
        except InvalidInput as error:
            errors |= error.errors
    if errors:
        raise InvalidInput(errors)
    if partner is not None and not partner.active:
        raise Conflict(f"The partner {partner.slug} is disabled.", {"partner": ["is disabled"]})
    address = checked(email)
    taken = Conflict(f"There is an account {address} already.", {"email": ["has an account already"]})
    if session.exec(select(Account).where(Account.email == address)).first():
        raise taken
    account = Account(
        partner_id=partner.id if partner else None,
        email=address,
        roles=_roles(roles, partner is not None, may_give),
        created_at=now,
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError:  # somebody else was as quick
        raise taken from None
    return account


def accounts(session: Session, partner_id: UUID | None = None) -> list[Account]:
    """The people of a partner, or all, also disabled ones, by address."""
    query = select(Account).order_by(col(Account.email))
    return list(session.exec(query if partner_id is None else query.where(Account.partner_id == partner_id)))


def member_of(session: Session, partner_id: UUID, account_id: UUID, *, lock: bool = True) -> Account:
    """A person of this partner, for the coordinator to see; with ``lock`` to change. Raises NotFound for anybody
    else's; NotAllowed for one who has roles that no coordinator gives: by a reset link for an admin, a coordinator
    would become one.
    """
    query = select(Account).where(Account.id == account_id, Account.partner_id == partner_id)
    account = session.exec(query.with_for_update() if lock else query).first()
    if account is None:
        raise NotFound("There is no such member.")
    if not set(account.roles) <= BY_A_COORDINATOR:
        raise NotAllowed("This member's account is seen to by those who run the platform.")
    return account


def set_roles(
    session: Session, account: Account, roles: Collection[str], *, may_give: Collection[Role] = ALL
) -> None:
    """Holds from the next request on. Raises InvalidInput on ``roles``."""
    account.roles = _roles(roles, account.partner_id is not None, may_give)
    session.add(account)
    session.flush()


def set_account_active(session: Session, account: Account, active: bool) -> None:
    """Disabling ends all sign-ins at once, and a link that waits to be used opens nothing."""
    account.active = active
    session.add(account)
    session.flush()
    if not active:
        end_sign_ins(session, [account.id])


def set_notices(session: Session, account: Account, notices: str) -> None:
    """Whether the person gets mail about referrals. Raises InvalidInput on ``notices``."""
    if notices not in NOTICES:
        raise InvalidInput.of("notices", f"takes {', '.join(NOTICES)}")
    account.notices = notices
    session.add(account)
    session.flush()


def _roles(roles: Collection[str], of_a_partner: bool, may_give: Collection[Role]) -> list[str]:
    wrong = wrong_roles(roles, of_a_partner=of_a_partner)
    if wrong is None and not set(roles) <= set(may_give):
        wrong = f"takes {', '.join(sorted(may_give))}"
    if wrong is not None:
        raise InvalidInput.of("roles", wrong)
    return sorted(set(roles))
