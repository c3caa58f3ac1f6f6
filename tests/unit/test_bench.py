"""The benchmark runs on a tiny image; what one way cannot do stops no other. No test here judges a time."""

import math

import pytest
import torch
from torch import nn

from lmfn_core.benchmark import bench, ways
from lmfn_core.benchmark.bench import measure, weigh
from lmfn_core.benchmark.cases import in_order
from lmfn_core.benchmark.images import middle, scene
from lmfn_core.benchmark.ways import EAGER, WAYS, Way
from lmfn_core.datasets.opening import open_data
from lmfn_core.evidence.bench_figures import bench_figure
from lmfn_core.evidence.bench_tables import device_tables, ratios
from lmfn_core.evidence.figures import use_style
from lmfn_core.records import load_record, save_record

BROKEN, HALF = "broken", "channels_last bfloat16"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The record of a real run: one size, one round, three ways, of which one works at first and then fails."""

    def broken(model: nn.Module, device: torch.device):
        def call(image):
            if len(image) > 1:
                raise RuntimeError("out of memory\nand more lines")
            return image

        return call

    pairs = list(open_data("bundled").test_pairs())[:1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(WAYS, BROKEN, Way(broken))
        seen = measure("lmfn", "cpu", [(32, 16)], batches=(1, 2), rounds=1, pairs=pairs, names=[EAGER, HALF, BROKEN])
        patch.setattr(bench, "footprint", lambda network, way, sizes: {"at rest": 100.0, "32x16": 120.0})
        weigh(seen, "lmfn", [(32, 16)])
    place = tmp_path_factory.mktemp("runs")
    save_record(place, "cpu", notebook="bench", tier="speed", parameters={"rounds": 1}, data="one pair",
                metrics=vars(seen), seconds={})  # fmt: skip
    return load_record(place / "cpu.json")


def test_every_way_is_compared_with_the_plain_call(record):
    metrics = record["metrics"]
    assert set(metrics["latency_ms"]) == {"32x16", "32x16 b2"}
    assert metrics["latency_ms"]["32x16"][EAGER]["ratio"] == 1
    assert metrics["agreement_db"]["32x16"][EAGER] == bench.SAME
    assert 50 < metrics["agreement_db"]["32x16"][HALF] < bench.SAME
    assert metrics["memory_mb"][EAGER]["32x16"] == 120
    assert math.isclose(metrics["quality_db"][EAGER], metrics["quality_db"][HALF], abs_tol=0.05)


def test_a_way_that_fails_is_reported_and_the_others_go_on(record):
    metrics = record["metrics"]
    assert metrics["failed"] == {BROKEN: "RuntimeError: out of memory"}
    assert BROKEN in metrics["latency_ms"]["32x16"] and BROKEN not in metrics["latency_ms"]["32x16 b2"]
    assert set(metrics["latency_ms"]["32x16 b2"]) == {EAGER, HALF} == set(metrics["quality_db"])


def test_without_the_plain_call_there_is_nothing_to_compare_with(monkeypatch):
    with pytest.raises(ValueError, match="Every way is compared with 'eager float32'; name it too. Got channels_last"):
        measure("lmfn", "cpu", names=[HALF])
    monkeypatch.setitem(WAYS, EAGER, Way(lambda model, device: lambda image: 1 / 0))
    with pytest.raises(RuntimeError, match="The plain call failed at 32x16, .*ZeroDivisionError"):
        measure("lmfn", "cpu", [(32, 16)], names=[EAGER])


def test_tables_and_figure_come_from_the_record(record):
    tables = device_tables(record)
    assert [row["way"] for row in tables["speed"].rows[:3]] == [EAGER, HALF, BROKEN]
    assert "Failed: broken (RuntimeError: out of memory)." in tables["speed"].caption
    assert list(tables["memory"].rows[0]) == ["way", "at rest", "32x16"]
    assert len(tables["quality"].rows) == 2
    shown = ratios({"cpu": record}).rows
    assert [row["way"] for row in shown] == [HALF, BROKEN] and list(shown[0])[-1] == "PSNR (dB)"
    use_style()
    figure = bench_figure(record)
    assert len(figure.axes) == 3 and len(figure.axes[0].lines) == 3
    __import__("matplotlib.pyplot").pyplot.close(figure)


def test_a_cards_limits_stand_beside_what_the_paper_prints():
    timed = {
        name: dict.fromkeys(("median", "lower", "upper", "ratio"), ms) for name, ms in ((EAGER, 20.0), (HALF, 4.0))
    }
    limits = {"flop_per_s": 1e14, "bytes_per_s": 1e12, "needs": {"1280x720": {"flop": 1e11, "bytes": 2e9}}}
    record = {"metrics": {"latency_ms": {"1280x720": timed}, "limits": limits}}
    record["metrics"] |= {name: {"1280x720": dict.fromkeys(timed, 1.0)} for name in ("first_s", "agreement_db")}
    (row,) = device_tables(record, printed="0.019")["limits"].rows
    assert row["fastest way"] == HALF and row["in print, size unknown (ms)"] == "19"
    assert (row["arithmetic alone (ms)"], row["of that limit (%)"]) == ("1", "25")
    assert (row["traffic alone (ms)"], row["of this limit (%)"]) == ("2", "50")
    assert (row[f"times as fast as {EAGER}"], row["at the arithmetic's limit"]) == ("5.0", "20.0")
    (row,) = device_tables(record)["limits"].rows
    assert not [title for title in row if "print" in title]


def test_sizes_are_ordered_by_pixels_and_ways_as_listed():
    found = {"1280x720": {HALF: 1, EAGER: 2}, "64x64 b8": {}, "64x64": {}, "at rest": {}}
    assert list(in_order(found)) == ["at rest", "64x64", "64x64 b8", "1280x720"]
    assert list(in_order(found)["1280x720"]) == [EAGER, HALF]


def test_the_timed_scene_is_the_same_everywhere_and_no_constant():
    assert torch.equal(scene((40, 24), 2), scene((40, 24), 2))
    assert scene((40, 24)).std() > 0.1 and scene((40, 24)).min() >= 0 and scene((40, 24)).max() <= 1


def test_the_middle_of_a_pair_is_the_same_place_in_both():
    pair = next(iter(open_data("bundled").test_pairs()))
    blurred, sharp = middle(pair._replace(blurred=pair.sharp), side=64)
    assert torch.equal(blurred, sharp) and sharp.shape == (3, 64, 64)
    assert torch.equal(sharp[0, 0, 0], pair.sharp[0, (pair.sharp.shape[1] - 64) // 2, (pair.sharp.shape[2] - 64) // 2])


def test_a_device_is_offered_its_own_ways(monkeypatch):
    assert ways.ways("cpu")[0] == EAGER and not [name for name in ways.ways("cpu") if "CUDA" in name]
    assert "CUDA graph bfloat16" in ways.ways("cuda") and "OpenVINO bfloat16" not in ways.ways("cuda")
    monkeypatch.setattr(ways, "_installed", lambda package: False)
    assert not [name for name in ways.ways("cpu") if "OpenVINO" in name or "ONNX" in name]


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="'warp' is no way to run a network; known: eager float32"):
        ways.prepare("warp", nn.Identity())


@pytest.mark.parametrize("name", ["channels_last float32", HALF])
def test_preparing_leaves_the_model_as_it_was(name):
    model = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1))
    given, call = torch.rand(1, 3, 16, 16), ways.prepare(name, model)
    restored = call(given)
    assert restored.dtype == torch.float32 and model.training
    assert model[0].weight.is_contiguous() and next(model.parameters()).dtype == torch.float32
    torch.testing.assert_close(restored, model(given).detach(), rtol=0, atol=0.02)
