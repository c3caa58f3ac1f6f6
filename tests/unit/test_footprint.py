"""Memory of a way in a process of its own."""

import pytest

from lmfn_core.benchmark.footprint import footprint, resident_peak
from lmfn_core.benchmark.ways import EAGER


def test_a_larger_image_holds_more_and_what_this_process_holds_is_not_counted():
    ballast = b"x" * 400_000_000
    assert resident_peak() > 400 and len(ballast)
    held = footprint("lmfn", EAGER, [(640, 360), (64, 64)])
    assert list(held) == ["at rest", "64x64", "640x360"]
    assert 50 < held["at rest"] <= held["64x64"] < held["640x360"]
    assert held["at rest"] < resident_peak() - 200
    # one map at full size, 64 channels of float32, is surely held
    assert held["640x360"] - held["at rest"] > 640 * 360 * 64 * 4 / 1e6


def test_a_process_that_fails_says_why():
    with pytest.raises(RuntimeError, match="no way to run a network"):
        footprint("lmfn", "warp", [(64, 64)])
    with pytest.raises(RuntimeError, match="eager float32: more than 0 s for 64x64"):
        footprint("lmfn", EAGER, [(64, 64)], timeout=0.01)
