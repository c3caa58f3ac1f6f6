"""What stands in the benchmark's tables, figures and block of README is what its committed records give."""

import shutil

import pytest

from lmfn_core.evidence.bench_tables import DEVICES
from lmfn_core.records import load_records
from workflow import ROOT, bench

REPORTS = ROOT / "reports"
RENEW = "run `make bench` and commit reports/*/speed/ and README.md"


@pytest.fixture(scope="module")
def renewed(tmp_path_factory):
    place = tmp_path_factory.mktemp("reports")
    shutil.copytree(REPORTS / "runs" / bench.TIER, place / "runs" / bench.TIER)
    shutil.copyfile(ROOT / "README.md", place / "README.md")
    bench.renew(place, place / "README.md", REPORTS / "claims")
    return place


def test_records_are_called_by_their_device():
    records = load_records(REPORTS / "runs" / bench.TIER)
    assert "cpu" in records and set(records) <= set(DEVICES)
    for device, record in records.items():
        assert (record["environment"]["cuda"] is not None) >= (device == "cuda")


@pytest.mark.parametrize("kind", ["tables", "figures"])
def test_tables_and_figures_are_what_the_records_give(kind, renewed):
    fresh, committed = ({path.name: path.read_bytes() for path in (place / kind / bench.TIER).iterdir()}
                        for place in (renewed, REPORTS))  # fmt: skip
    assert fresh == committed, RENEW


def test_the_block_of_readme_is_what_the_records_give(renewed):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (renewed / "README.md").read_text(encoding="utf-8") == text, RENEW
