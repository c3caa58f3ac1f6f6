"""How far two answers may lie apart and still count as the same: one place for all tests, each number derived.

A tolerance is the drift that notebook A1 measures, times a stated factor, rounded up to one digit. The drift stands in
the example record of the run ``drift`` under ``metrics.drift``, by the same name; tests/unit/test_tolerances.py derives
every number again and refuses one that is too tight or too loose. Measured anew, a number is changed here, in sight.

The factor is for machines and images that were not measured: 10 where only the order of sums differs; 5 for strong
random weights, which amplify; 3 for a training, since more would be wider than the spread of the seeds; 2 for bfloat16,
whose error is the type's own and no matter of luck.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType


@dataclass(frozen=True)
class Tolerance:
    """One tolerance.

    >>> TOLERANCES["forward_float32"].factor
    10
    """

    value: float  # what tests allow
    factor: int  # times the measured drift, before rounding up
    of: str  # what differs from what, and in which unit


TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "forward_float32": Tolerance(6e-06, 10, "shipped weights in float32: another layout, batch, number of threads"),
        "tiled_float32": Tolerance(5e-06, 10, "shipped weights in float32: over strips and as a whole"),
        "backend_float32": Tolerance(7e-06, 10, "shipped weights in float32: another runtime and torch"),
        "gpu_forward": Tolerance(4e-06, 10, "shipped weights: float32 and float64 on a CPU, the yardstick for a GPU"),
        "forward_bf16": Tolerance(0.02, 2, "shipped weights: bfloat16 and float32"),
        "network_float32": Tolerance(8e-06, 5, "strong random weights in float32: any way; share of the largest value"),
        "block_float32": Tolerance(5e-06, 10, "a block by loops and in a fast or folded form, on normal features"),
        "training_psnr": Tolerance(0.2, 3, "a short training: another layout, precision, number of threads; in dB"),
    }
)
"""Name to tolerance. Where no unit is named: the largest absolute difference of images in [0, 1]."""


def tolerance(name: str) -> float:
    """What tests allow.

    Raises:
        ValueError: for a name that is not in ``TOLERANCES``.

    >>> tolerance("forward_float32") < tolerance("forward_bf16")
    True
    """
    if name not in TOLERANCES:
        close = difflib.get_close_matches(name, TOLERANCES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"There is no tolerance {name!r}.{hint} Known: {', '.join(TOLERANCES)}.")
    return TOLERANCES[name].value


def derived(drift: float, factor: int) -> float:
    """``drift`` times ``factor``, rounded up to one digit.

    In decimal arithmetic: a tool against rounding errors makes none of its own.

    Raises:
        ValueError: when there is no drift to derive from: what is always equal is compared exactly.

    >>> derived(2.1e-7, 10), derived(3e-7, 10), derived(0.043, 3)
    (3e-06, 3e-06, 0.2)
    """
    if not drift > 0:
        raise ValueError(f"The measured drift is {drift}; what is always equal needs no tolerance: compare exactly.")
    allowed = Decimal(repr(drift)) * factor
    return float(allowed.quantize(Decimal(1).scaleb(allowed.adjusted()), ROUND_CEILING))
