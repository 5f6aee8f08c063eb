"""The token of a one-time link: which message it came with, and a keyed hash of that. Nothing of it is stored."""

from __future__ import annotations

import hmac
from uuid import UUID

from directory.encryption import Vault

_DIGITS = 32  # of the hash: 128 bits

# Mails to a receiver that carry one: by it can be said that the referral is in hand, and nothing else.
ACKNOWLEDGED = frozenset({"referral.requested", "reminder.answer-soon", "reminder.answer-due"})


def token_of(vault: Vault, message_id: UUID) -> str:
    return message_id.hex + _proof(vault, message_id)


def message_of(vault: Vault, token: str) -> UUID | None:
    """The id of the message that it came with; None for a token that is none of ours."""
    if len(token) != 32 + _DIGITS or not token.isascii():
        return None
    try:
        message_id = UUID(hex=token[:32])
    except ValueError:
        return None
    return message_id if hmac.compare_digest(token, token_of(vault, message_id)) else None


def _proof(vault: Vault, message_id: UUID) -> str:
    return vault.hash("acknowledge", message_id.hex)[:_DIGITS]
