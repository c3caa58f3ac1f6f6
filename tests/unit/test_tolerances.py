"""The tolerances are what notebook A1's committed record says, no tighter and no looser, and the tests use them."""

import re
from pathlib import Path

import pytest

from lmfn_core.benchmark.tolerances import TOLERANCES, derived, tolerance
from lmfn_core.records import load_record

TESTS = Path(__file__).parents[1]
DRIFT = load_record(TESTS.parent / "notebooks/examples/records/drift.json")["metrics"]["drift"]
LOOSEST = 30
"""Times the measured drift; beyond, a tolerance would let mistakes pass."""
TYPED = re.compile(r"\b(?:[ar]tol|rel|abs)=(?!0[,)])[0-9]|\.max\(\) <=? ?[0-9]|error < ")
STAYS = {  # fragment of a line that compares with a typed number, and why it does
    "test_backends.py": {},
    "test_export.py": {},
    "test_exportable.py": {},
    "test_engine.py": {},
    "test_strips.py": {},
    "test_portable.py": {},
    "test_fusion.py": {"temperature)).abs().max() < 1e-12": "in float64, where a thousandth of it would be drift"},
    "test_tiled.py": {
        "error < 1e-6  # 60 dB": "says what is seen, not what drifts",
        ".abs().max() < 0.51": "half a step of rounding to bytes, exactly, and a hundredth for a float beside its edge",
    },
    "test_folded.py": {
        "moments.mean, f.mean((2, 3)), rtol=1e-6": "values near 1000, where one digit is 6e-5: a share, no distance",
        "moments.covariance, wanted.float(), atol=1e-3": "the same values, squared before they cancel",
    },
    "test_networks.py": {"std(dim=(2, 3)).max() < 1e-6": "a flat image in truth: any number that is no signal"},
    "test_gpu_drift.py": {
        "approx(on_cpu[name], abs=0.01)": "the last digit that the tables print",
        "approx(on_cpu[name], abs=1e-4)": "the last digit that the tables print",
    },
}


@pytest.mark.parametrize("name", TOLERANCES)
def test_each_is_the_measured_drift_times_its_factor_rounded_up(name):
    known = TOLERANCES[name]
    assert known.value == derived(DRIFT[name], known.factor)
    assert DRIFT[name] < known.value <= LOOSEST * DRIFT[name]
    assert 2 <= known.factor <= 10


def test_every_drift_of_the_record_has_a_tolerance():
    assert set(DRIFT) == set(TOLERANCES)


@pytest.mark.parametrize("name", TOLERANCES)
def test_each_is_used(name):
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    assert any(f'tolerance("{name}")' in path.read_text(encoding="utf-8") for path in others)


@pytest.mark.parametrize("file", STAYS)
def test_what_is_typed_there_has_a_reason(file):
    (path,) = TESTS.rglob(file)
    typed = [line for line in path.read_text(encoding="utf-8").splitlines() if TYPED.search(line)]
    for line in typed:
        why = f"use lmfn_core.benchmark.tolerances, or say why not: {line}"
        assert any(fragment in line for fragment in STAYS[file]), why
    for fragment in STAYS[file]:
        assert any(fragment in line for line in typed), f"gone, and its reason with it: {fragment}"


@pytest.mark.parametrize(
    ("drift", "factor", "allowed"),
    [(6.1e-7, 10, 7e-6), (3e-7, 10, 3e-6), (0.1, 3, 0.3), (9.6e-7, 10, 1e-5), (1e-6, 10, 1e-5), (0.5, 2, 1.0)],
)
def test_one_digit_rounded_up_without_dust(drift, factor, allowed):
    assert derived(drift, factor) == allowed


@pytest.mark.parametrize("drift", [0.0, -1e-6, float("nan")])
def test_without_a_drift_there_is_none(drift):
    with pytest.raises(ValueError, match="compare exactly"):
        derived(drift, 10)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="no tolerance 'forward_fp32'. Did you mean 'forward_float32'"):
        tolerance("forward_fp32")
