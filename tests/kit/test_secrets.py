"""Secrets at rest: sealed with the first key, opened by all, hashed with one that stays."""

import pytest
from cryptography.fernet import Fernet

from services.kit.secrets import SecretUnreadable, Vault

OLD, NEW = (f"{name}:{Fernet.generate_key().decode()}" for name in ("old", "new"))


def test_a_secret_survives_the_rotation_of_its_key() -> None:
    sealed = Vault([OLD]).encrypt("hush")
    both = Vault([NEW, OLD])
    assert both.decrypt(sealed) == b"hush"
    assert Vault([NEW]).decrypt(both.rotate(sealed)) == b"hush"


def test_a_sealed_value_names_its_key() -> None:
    assert Vault([OLD]).encrypt("hush").startswith(b"old:")
    assert Vault([NEW, OLD]).rotate(Vault([OLD]).encrypt("hush")).startswith(b"new:")


def test_values_that_were_sealed_without_a_name_are_opened_too() -> None:
    bare = Fernet(OLD.partition(":")[2]).encrypt(b"hush")
    assert Vault([NEW, OLD]).decrypt(bare) == b"hush"
    with pytest.raises(SecretUnreadable):
        Vault([NEW]).decrypt(bare)


@pytest.mark.parametrize("damaged", [b"", b"old:", b":", b"other:x", b"old:gAAAAA", b"\xff:\xff"])
def test_what_no_key_has_sealed_opens_nothing(damaged: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        Vault([OLD]).decrypt(damaged)


def test_a_dropped_key_opens_nothing() -> None:
    with pytest.raises(SecretUnreadable):
        Vault([NEW]).decrypt(Vault([OLD]).encrypt("hush"))


def test_the_sealed_text_does_not_show_the_secret() -> None:
    assert b"hush" not in Vault([OLD]).encrypt("hush")


def test_hashes_of_different_purposes_or_keys_never_match_and_outlive_the_keys_that_seal() -> None:
    before, after, other = Vault([OLD]), Vault([NEW, OLD]), Vault([OLD])
    before.hash_with(b"h" * 32)
    after.hash_with(b"h" * 32)
    other.hash_with(b"i" * 32)
    assert before.keyed_hash("webhook", "x") == after.keyed_hash("webhook", "x")
    hashes = [before.keyed_hash("webhook", "x"), before.keyed_hash("answer", "x"), other.keyed_hash("webhook", "x")]
    assert len(set(hashes)) == 3


def test_nothing_is_hashed_before_the_key_for_it_is_there() -> None:
    with pytest.raises(RuntimeError, match="not read yet"):
        Vault([OLD]).keyed_hash("webhook", "x")


def test_no_key_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Vault([])


def test_two_keys_of_one_name_are_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="no id twice"):
        Vault([OLD, f"old:{Fernet.generate_key().decode()}"])


NO_KEYS = {
    "nothing": "",
    "neither name nor key": ":",
    "no name": "nokey",
    "a name with a blank": "a b:x",
    "a name too long": f"{'x' * 33}:{OLD[4:]}",
    "a key too short": "old:short",
    "a key without a name": OLD[4:],
}


@pytest.mark.parametrize("key", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_an_error_at_start(key: str) -> None:
    with pytest.raises(ValueError, match=r"id of letters|Fernet key|base64|padding"):
        Vault([key])
