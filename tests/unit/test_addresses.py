"""The addresses of the data sets: complete, checked where a checksum is known, and found by name."""

import pytest

from lmfn_core.datasets.addresses import ADDRESSES, address_of
from lmfn_core.datasets.kinds import KINDS


def test_addresses_are_complete():
    for name, address in ADDRESSES.items():
        assert address.kind in KINDS and address.page.startswith("http") and address.terms, name
        for file in address.files:
            algorithm, _, value = (file.known or "sha256:" + "0" * 64).partition(":")
            assert len(value) == {"sha256": 64, "md5": 32}[algorithm] and int(value, 16) >= 0
            assert file.url.startswith(("https://", "http://people.kyb")), "plain http only where a checksum is known"
            assert file.url.startswith("https://") or file.known
    assert address_of("hide").files[0].name == "HIDE_dataset.zip"
    with pytest.raises(ValueError, match="no data set 'bsd500' to download. Did you mean 'bsds500'"):
        address_of("bsd500")
