"""Secret words at rest: sealed with the master key, opened with no other."""

import pytest
from cryptography.fernet import Fernet

from fedi_chapter.core.errors import OperatorError
from fedi_chapter.sig.keys import KeyRing


def test_a_sealed_word_is_opened_by_its_own_master_key_only() -> None:
    ring = KeyRing(Fernet.generate_key())
    sealed = ring.seal_text("ein Gëheimnis")
    assert b"heimnis" not in sealed
    assert ring.unseal_text("us", sealed) == "ein Gëheimnis"
    with pytest.raises(OperatorError, match="us") as refused:
        KeyRing(Fernet.generate_key()).unseal_text("us", sealed)
    assert "master key" in str(refused.value.cure)
