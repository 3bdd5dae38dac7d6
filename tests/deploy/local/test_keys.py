"""The secrets of a local run."""

import stat
from pathlib import Path
from uuid import UUID

from deploy.local.keys import Keys
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
    (tmp_path / "secret-keys-contacts").write_text("new:abc\n" + old[0] + "\n")
    assert keys.secret_keys("contacts") == ["new:abc", *old]


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    Keys(tmp_path).role_passwords(["contacts_api", "contacts_worker"])
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}
