"""The benchmark as a command: its words, its files, README's block. Nothing here judges a time."""

import pytest

from lmfn_core.benchmark.bench import Bench
from lmfn_core.records import load_record, save_record
from workflow import ROOT, Problem, bench


def metrics():
    """Those of a run over two sizes: the second way takes half the time, fails to start nowhere, loses a little."""
    timed = {name: {"median": ms, "lower": ms, "upper": ms, "ratio": ms / 10.0}
             for name, ms in (("eager float32", 10.0), ("channels_last bfloat16", 5.0))}  # fmt: skip
    ways = list(timed)
    seen = Bench()
    seen.latency_ms = {"1280x720": timed, "64x48": timed}
    seen.first_s = {case: dict.fromkeys(ways, 1.0) for case in seen.latency_ms}
    seen.agreement_db = {case: dict.fromkeys(ways, 60.0) for case in seen.latency_ms}
    seen.memory_mb = {way: {"at rest": 100.0, "1280x720": 900.0, "64x48": 110.0} for way in ways}
    seen.quality_db = {"eager float32": 25.0, "channels_last bfloat16": 24.996}
    seen.failed = {"compiled bfloat16": "RuntimeError: no compiler"}
    return seen


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("before <!-- bench -->old<!-- /bench --> after", encoding="utf-8")
    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(bench, "weigh", lambda seen, network, sizes, tell: None)
    (tmp_path / "reports" / "claims").symlink_to(ROOT / "reports" / "claims")
    return tmp_path


def test_a_run_writes_record_tables_figure_and_readme(root, monkeypatch, capsys):
    asked = {}
    monkeypatch.setattr(bench, "measure", lambda *given, **named: asked.update(given=given, **named) or metrics())
    assert bench.main(["SIZES=1280x720,64x48", "ROUNDS=3", "DEVICE=cpu", "WITHOUT=compiled,OpenVINO"], root) == 0
    assert asked["given"][0] == "lmfn" and asked["given"][2:5] == (((64, 48), (1280, 720)), (1,), 3)
    assert asked["given"][6][0] == "eager float32"
    assert not [name for name in asked["given"][6] if "compiled" in name or "OpenVINO" in name]
    record = load_record(root / "reports/runs/speed/cpu.json")
    assert record["parameters"]["rounds"] == 3 and record["metrics"]["failed"] == metrics().failed
    assert sorted(p.name for p in (root / "reports/tables/speed").glob("*.md")) == [
        "cpu-memory.md", "cpu-quality.md", "cpu-speed.md",
    ]  # fmt: skip
    assert (root / "reports/figures/speed/cpu.svg").stat().st_size > 1000
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("before ") and readme.endswith(" after") and "old" not in readme
    assert "| CPU | channels_last bfloat16 | 2.0 | 2.0 | -0.004 |" in readme
    shown = capsys.readouterr()
    assert "2.00" in shown.out and "compiled bfloat16 failed: RuntimeError: no compiler" in shown.err


def test_another_place_leaves_readme_alone(root, monkeypatch):
    monkeypatch.setattr(bench, "measure", lambda *given, **named: metrics())
    assert bench.main([f"OUT={root / 'elsewhere'}", "DEVICE=cpu"], root) == 0
    assert "old" in (root / "README.md").read_text(encoding="utf-8")
    assert (root / "elsewhere/runs/speed/cpu.json").exists()


def test_records_of_two_devices_stand_side_by_side(root):
    out = root / "reports"
    for device in ("cuda", "cpu"):
        save_record(out / "runs/speed", device, notebook="bench", tier="speed", parameters={"rounds": 3}, data="d",
                    metrics=vars(metrics()), seconds={})  # fmt: skip
    bench.renew(out, root / "README.md", out / "claims")
    lines = [line for line in (root / "README.md").read_text(encoding="utf-8").splitlines() if "bfloat16" in line]
    assert [line[:7] for line in lines] == ["| CPU |", "| GPU |"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("SIZE=64x64", "'SIZE=64x64' is unknown; did you mean SIZES?"),
        ("SIZES=64", "SIZES=64 must be width x height"),
        ("SIZES=64x8", "from 16 up"),
        ("ROUNDS=0", "ROUNDS=0 must be a whole number from 1 up"),
        ("ROUNDS=1,2", "ROUNDS=1,2 must be a whole number"),
        ("BATCHES=two", "BATCHES=two must be a whole number from 1 up, or several"),
        ("DEVICE=tpu", "device is 'tpu'"),
        ("NETWORK=lmfm", "lmfm"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(word, said, root, capsys):
    assert bench.main([word], root) == 2
    assert said in capsys.readouterr().err


def test_empty_words_are_not_given():
    assert bench.parse(["ROUNDS=", "SIZES="]) == bench.Call()
    with pytest.raises(Problem):
        bench.parse(["rounds"])
