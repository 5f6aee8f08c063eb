"""One-time codes from a device of the owner's (TOTP, RFC 6238): six digits, another every 30 seconds.

The secret is sealed. The code of the step before and after is taken too (clocks differ); none is taken twice, and none
of a step before one that was taken.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlmodel import Session, col, select

from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotFound
from directory.partners import lockout
from directory.partners.models import Account

STEP_S = 30
ISSUER = "Veiviser"
_WRONG = "takes the six digits that the device shows now"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the owner's device is to be told, once. ``uri``: otpauth, as a QR code has it."""

    secret: str
    uri: str


def start(session: Session, vault: Vault, account_id: UUID) -> Enrolment:
    """A new secret, which counts from when it is confirmed. Raises Conflict where codes are asked for already."""
    account = _locked(session, account_id)
    if account.totp_confirmed:
        raise Conflict("This account asks for one-time codes already. Switch that off first, by a code.")
    secret = pyotp.random_base32()
    account.totp_secret, account.totp_used = vault.seal(secret), None
    session.add(account)
    session.flush()
    return _enrolment(account, secret)


def started(vault: Vault, account: Account) -> Enrolment | None:
    """The secret that waits to be confirmed, for a page that is shown again after a wrong code."""
    if account.totp_secret is None or account.totp_confirmed:
        return None
    return _enrolment(account, str(vault.open(account.totp_secret)))


def confirm(session: Session, vault: Vault, account_id: UUID, code: str, now: datetime) -> None:
    """From now on the account asks for codes. Raises InvalidInput on ``code``, Conflict where nothing was started."""
    account = _locked(session, account_id)
    if account.totp_secret is None or account.totp_confirmed:
        raise Conflict("There is nothing to confirm: start with a new secret.")
    if not take(vault, account, code, now):
        raise InvalidInput.of("code", _WRONG)
    account.totp_confirmed = True
    session.add(account)
    session.flush()


def remove(database: Database, vault: Vault, account_id: UUID, code: str, now: datetime) -> None:
    """The account asks for no codes any more; takes a last one, and commits. Who guesses has to wait: raises
    TooManyAttempts, InvalidInput on ``code``, and Conflict where no codes are asked for.
    """
    counts = lockout.of_a_code(vault, account_id)
    with database.unit_of_work() as session:
        lockout.attempt(session, counts, now)
        session.commit()
    with database.unit_of_work() as session:
        account = _locked(session, account_id)
        if not account.totp_confirmed:
            lockout.succeeded(session, counts, now)
            session.commit()
            raise Conflict("This account asks for no one-time codes.")
        if not take(vault, account, code, now):
            raise InvalidInput.of("code", _WRONG)
        lockout.succeeded(session, counts, now)
        forget(session, account)
        session.commit()


def forget(session: Session, account: Account) -> None:
    """Ask for no codes any more, as for somebody who has lost the device."""
    account.totp_secret, account.totp_confirmed, account.totp_used = None, False, None
    session.add(account)
    session.flush()


def take(vault: Vault, account: Account, code: str, now: datetime) -> bool:
    """Whether it is a code of now that was not taken before; notes that it is. The caller holds the account's row."""
    code = "".join(code.split())
    if account.totp_secret is None or not (len(code) == 6 and code.isascii() and code.isdigit()):
        return False
    totp = pyotp.TOTP(str(vault.open(account.totp_secret)))
    step = int(now.timestamp()) // STEP_S
    for one in (step, step - 1, step + 1):
        if (account.totp_used is None or one > account.totp_used) and hmac.compare_digest(
            totp.generate_otp(one), code
        ):
            account.totp_used = one
            return True
    return False


def reencrypt(session: Session, vault: Vault) -> int:
    """Seal all secrets by the newest key; returns how many were by another. Raises UnsafeSettings."""
    renewed = 0
    for account in session.exec(
        select(Account).where(col(Account.totp_secret).is_not(None)).with_for_update()
    ):
        sealed = vault.renewed(account.totp_secret or b"")
        if sealed is not None:
            account.totp_secret = sealed
            session.add(account)
            renewed += 1
    session.flush()
    return renewed


def _enrolment(account: Account, secret: str) -> Enrolment:
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=ISSUER))


def _locked(session: Session, account_id: UUID) -> Account:
    account = session.exec(select(Account).where(Account.id == account_id).with_for_update()).first()
    if account is None:
        raise NotFound("There is no such account.")
    return account
