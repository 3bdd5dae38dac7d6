import pytest
from cryptography.fernet import Fernet

from services.kit.secrets import SecretUnreadable, Vault

OLD, NEW = (f"{name}:{Fernet.generate_key().decode()}" for name in ("old", "new"))


def test_a_secret_survives_the_rotation_of_its_key() -> None:
    sealed = Vault([OLD]).encrypt("hush")
    both = Vault([NEW, OLD])
    assert both.decrypt(sealed) == b"hush"
    assert Vault([NEW]).decrypt(both.rotate(sealed)) == b"hush"


def test_a_dropped_key_opens_nothing() -> None:
    with pytest.raises(SecretUnreadable):
        Vault([NEW]).decrypt(Vault([OLD]).encrypt("hush"))


def test_the_sealed_text_does_not_show_the_secret() -> None:
    assert b"hush" not in Vault([OLD]).encrypt("hush")


def test_hashes_of_different_purposes_or_keys_never_match() -> None:
    vault = Vault([NEW, OLD])
    assert len({*vault.keyed_hashes("webhook", "x"), *vault.keyed_hashes("answer", "x")}) == 4


def test_no_key_is_an_error_at_start() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Vault([])
