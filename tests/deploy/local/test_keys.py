"""The secrets of a local run."""

import stat
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.keys import Keys, new_secret_key
from services.kit.identity import Identity, IdentitySigner, IdentityVerifier
from services.kit.ids import new_id
from services.kit.secrets import Vault


def test_what_one_process_signs_every_other_one_verifies(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    signer = IdentitySigner("gateway", keys.identity_private_key("gateway"))
    verifier = IdentityVerifier("contacts", keys.identity_public_keys(["contacts", "gateway"]))
    identity = Identity(workspace_id=new_id(), actor_id=UUID(int=1))
    assert verifier.verify(signer.sign(identity, "contacts")) == identity


def test_the_keys_for_secrets_open_what_they_sealed_at_the_next_start(tmp_path: Path) -> None:
    sealed = Vault(Keys(tmp_path).secret_keys("contacts")).encrypt("secret")
    assert Vault(Keys(tmp_path).secret_keys("contacts")).decrypt(sealed) == b"secret"
    assert Keys(tmp_path).secret_keys("contacts") != Keys(tmp_path).secret_keys("scoring")


def test_a_second_line_is_a_second_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    old = keys.secret_keys("contacts")
    new = new_secret_key()
    (tmp_path / "secret-keys-contacts").write_text(f"{new}\n{old[0]}\n")
    assert keys.secret_keys("contacts") == [new, *old]


@pytest.mark.parametrize("damage", ["", "short", "id:c2hvcnQ="])
def test_a_damaged_key_is_named_with_what_to_do(damage: str, tmp_path: Path) -> None:
    (tmp_path / "identity-scoring").write_text(damage)
    (tmp_path / "secret-keys-scoring").write_text(damage)
    with pytest.raises(LocalRunError, match=r"identity-scoring is damaged: remove it"):
        Keys(tmp_path).identity_public_keys(["scoring"])
    with pytest.raises(LocalRunError, match=r"secret-keys-scoring is damaged: restore it"):
        Keys(tmp_path).secret_keys("scoring")


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    Keys(tmp_path).role_passwords(["contacts_api", "contacts_worker"])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}
