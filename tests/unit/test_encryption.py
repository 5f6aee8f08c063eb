"""What is sealed is read by whoever has the key, and by nobody else."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from directory.encryption import Vault
from directory.errors import UnsafeSettings

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_sealed_comes_back_whole_and_cannot_be_read_meanwhile() -> None:
    vault = Vault([OLD], "key")
    for value in ("Ring meg etter fem. مرحبا", {"phone": None, "n": [1, 2]}, "", None):
        sealed = vault.seal(value)
        assert vault.open(sealed) == value
        assert b"Ring" not in sealed
    assert vault.seal("the same") != vault.seal("the same")


def test_with_a_new_key_in_front_the_old_one_still_opens_until_all_is_renewed() -> None:
    sealed = Vault([OLD], "key").seal("text")
    both = Vault([NEW, OLD], "key")
    assert both.open(sealed) == "text"
    renewed = both.renewed(sealed)
    assert renewed is not None and both.renewed(renewed) is None
    assert Vault([NEW], "key").open(renewed) == "text"
    with pytest.raises(UnsafeSettings, match="VEIVISER_ENCRYPTION_KEYS"):
        Vault([NEW], "key").open(sealed)


def test_what_was_tampered_with_is_not_opened() -> None:
    vault = Vault([OLD], "key")
    sealed = bytearray(vault.seal("text"))
    sealed[20] ^= 1
    with pytest.raises(UnsafeSettings):
        vault.open(bytes(sealed))


def test_a_keyed_hash_is_another_for_each_key_and_each_purpose() -> None:
    one, other = Vault([OLD], "key"), Vault([OLD], "another")
    assert one.hash("code", "ABC") == one.hash("code", "ABC")
    assert len({one.hash("code", "ABC"), one.hash("link", "ABC"), other.hash("code", "ABC")}) == 3
