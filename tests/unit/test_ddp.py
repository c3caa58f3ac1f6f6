"""One training in two processes, here on the CPU: the same curve and weights as in one, and no way to hang."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import psutil
import pytest
import torch
from torch import nn

from lmfn_core import build
from lmfn_core.training.launch import launch
from lmfn_core.training.processes import ProcessLost, agreed, is_loss_of_peer, open_fabric, rows
from lmfn_core.training.recipes import RECIPES
from lmfn_core.training.run import run
from lmfn_core.training.state import TrainingDiverged
from lmfn_core.training.train import train

EXACT = {"precision": "64-true", "every": 4}  # in float64 the order of a sum hardly matters
SMALL = {"network": "lmfn-n1", "steps": 6, "batch": 4, "crop": 64, "device": "cpu", "precision": "32-true"}


def tiny() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))


def batches(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    sharp = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(step))
    return sharp.roll(1, -1) * 0.5 + sharp * 0.5, sharp


def poisoned(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    blurred, sharp = batches(step)
    sharp[1] *= float("nan") if step == 6 else 1.0  # a row of the second process
    return blurred, sharp


def until(step: int):
    def run(asked: int) -> tuple[torch.Tensor, torch.Tensor]:
        if asked == step:
            raise InterruptedError
        return batches(asked)

    return run


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().double() for p in model.parameters()])


def complaint(kind: type[Exception], *args, **options) -> str:
    with pytest.raises(kind) as caught:
        train(tiny(), *args, **EXACT | options)
    return str(caught.value)


def in_each_process(folder: str) -> None:
    """All that two processes do in these tests: starting them takes longer than the rest."""
    rank, here, modern = int(os.environ["RANK"]), Path(folder), RECIPES["modern"]
    told: list[int] = []
    model, unused = tiny(), build("lmfn-n1", published=True)
    before = weights(unused.never_called)
    history = train(model, batches, modern, 12, on_step=lambda done, loss: told.append(done), **EXACT)
    left_by_one = tiny()
    train(left_by_one, batches, modern, 12, state=here / "one.safetensors", **EXACT)
    train(unused, batches, modern, 3)
    small = run(**SMALL, out=folder, name="two")
    found = {
        "losses": history.losses, "weights": weights(model), "told": told, "left by one": weights(left_by_one),
        "never called": torch.equal(weights(unused.never_called), before),
        "small": {"losses": small.history.losses, "weights": weights(small.model), "found": small.found},
        "diverged": complaint(TrainingDiverged, poisoned, modern, 12, state=here / "diverged.safetensors"),
        "stopped": complaint(InterruptedError, until(9), modern, 12, state=here / "two.safetensors"),
        "unequal": complaint(ValueError, lambda step: [x[:3] for x in batches(step)], modern, 12),
        "other disk": complaint(ValueError, batches, modern, 12, state=here / f"{'two' * rank}.safetensors"),
    }  # fmt: skip
    torch.save(found, here / f"{rank}.pt")
    raise ValueError("a sentence for the person who started it")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    with pytest.raises(InterruptedError):
        train(tiny(), until(9), RECIPES["modern"], 12, state=folder / "one.safetensors", **EXACT)
    with pytest.raises(ValueError, match="^a sentence for the person who started it$"):
        launch(in_each_process, {"folder": str(folder)}, processes=2)
    return folder


@pytest.fixture(scope="module")
def two(folder) -> list[dict]:
    """What each of the two processes found."""
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.fixture(scope="module")
def one() -> dict:
    """The same training in this process."""
    model = tiny()
    history = train(model, batches, RECIPES["modern"], 12, **EXACT)
    return {"losses": history.losses, "weights": weights(model)}


def test_two_processes_follow_the_curve_of_one(one, two):
    for found in two:
        assert found["losses"] == pytest.approx(one["losses"], rel=1e-6)  # kept in float32
        assert (found["weights"] - one["weights"]).abs().max() < 1e-9
    assert (one["weights"] - weights(tiny())).abs().max() > 1e-3


def test_all_processes_hold_the_very_same_weights_and_one_talks(two):
    assert torch.equal(two[0]["weights"], two[1]["weights"]) and two[0]["losses"] == two[1]["losses"]
    assert [found["told"] for found in two] == [[4, 8, 12], []]


def test_lmfn_in_float32_follows_to_a_thousandth_of_its_way(two, tmp_path):
    alone = run(**SMALL, out=str(tmp_path))
    torch.manual_seed(0)
    start = weights(build("lmfn-n1", image_skip=True))
    for found in (found["small"] for found in two):
        assert found["losses"] == pytest.approx(alone.history.losses, rel=1e-4) and not found["found"]
        assert (found["weights"] - weights(alone.model)).norm() < 1e-3 * (weights(alone.model) - start).norm()


def test_a_training_of_two_is_found_finished_by_one(folder, two, capsys):
    again = run(**SMALL, out=str(folder), name="two")
    assert again.found and again.history.losses == two[0]["small"]["losses"] and again.history.steps_run == 6
    assert torch.equal(weights(again.model), two[1]["small"]["weights"]) and sorted(again.untouched) == list(range(6))
    assert "is finished" in capsys.readouterr().out


def test_layers_that_are_never_called_stay_as_they_were(two):
    assert all(found["never called"] for found in two)


def test_a_poisoned_row_stops_both_processes(folder, two):
    for found in two:
        assert "loss is nan at step 7; the state after step 4 is kept in" in found["diverged"]
    assert train(tiny(), batches, RECIPES["modern"], 12, state=folder / "diverged.safetensors", **EXACT).steps_run == 8


def test_a_state_passes_from_two_to_one_and_back(folder, one, two):
    model = tiny()
    history = train(model, batches, RECIPES["modern"], 12, state=folder / "two.safetensors", **EXACT)
    assert history.steps_run == 4 and history.losses == pytest.approx(one["losses"], rel=1e-6)
    assert (weights(model) - one["weights"]).abs().max() < 1e-9
    assert (two[1]["left by one"] - one["weights"]).abs().max() < 1e-9


def test_what_cannot_work_is_refused_by_all_processes(two):
    for found in two:
        assert found["unequal"] == "A batch of 3 cannot be shared equally by 2 processes; use a multiple of 2."
        assert "One process would go on from step 0, another from step 8: put" in found["other disk"]


def test_shares_are_disjoint_and_whole():
    images = torch.arange(6.0).view(6, 1, 1, 1)
    shares = [rows(images, rank, world=3).flatten().tolist() for rank in range(3)]
    assert shares == [[0, 3], [1, 4], [2, 5]]
    assert torch.equal(rows(images, 0, world=1), images)
    assert agreed(open_fabric("cpu", "32-true"), 3) == 3


def test_only_the_loss_of_a_process_is_taken_for_one():
    assert is_loss_of_peer(torch.distributed.DistBackendError("NCCL communicator was aborted"))
    assert not is_loss_of_peer(RuntimeError("out of memory"))


def fail(**_: object) -> None:
    os._exit(7)


def test_a_process_that_ends_early_is_named():
    with pytest.raises(ProcessLost, match=r"^Process [01] of 2 died \(exit code 7\)$"):
        launch(fail, {}, processes=2)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("launcher", ["ours", "torchrun"])
def test_a_killed_process_stops_the_run_and_the_same_command_resumes(launcher, tmp_path):
    options = {**SMALL, "steps": 20, "out": str(tmp_path)}
    words = ["-m", "lmfn_core.training.run", *(f"--{key}={value}" for key, value in options.items())]
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node=2"]
    words = [*words, "--processes=2"] if launcher == "ours" else [*torchrun, *words]
    with subprocess.Popen([sys.executable, *words], stdout=PIPE, stderr=PIPE, text=True) as process:
        next(line for line in process.stdout if line.startswith("step 8/20"))
        members = [c for c in psutil.Process(process.pid).children() if "resource_tracker" not in " ".join(c.cmdline())]
        max(members, key=lambda member: member.pid).kill()
        out, err = process.communicate(timeout=120)
    saved = 8 + 2 * out.count("step ")  # the blow may fall a save later
    assert process.returncode == 1
    if launcher == "ours":  # torchrun has a report of its own, which names the process too
        assert err == f"Process 1 of 2 died (SIGKILL); the same command goes on from step {saved}.\n"
    again = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    assert again.stdout.startswith(f"going on from step {saved}\n"), again.stdout
    whole, resumed = run(**options, name="whole"), run(**options)
    assert resumed.found and resumed.history.steps_run == 20 - saved
    assert resumed.history.losses == pytest.approx(whole.history.losses, rel=1e-3)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_killed_launcher_leaves_no_process_behind(tmp_path):
    options = {**SMALL, "steps": 200, "out": str(tmp_path), "processes": 2}
    words = ["-m", "lmfn_core.training.run", *(f"--{key}={value}" for key, value in options.items())]
    with subprocess.Popen([sys.executable, *words], stdout=PIPE, stderr=PIPE, text=True) as process:
        next(line for line in process.stdout if line.startswith("step 20/"))
        members = psutil.Process(process.pid).children()
        process.kill()
        assert len(members) >= 2 and not psutil.wait_procs(members, timeout=60)[1]
