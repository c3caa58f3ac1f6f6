import pytest
import torch

from lmfn_core import build
from lmfn_core.checkpoints import load_weights
from lmfn_core.datasets import open_data
from lmfn_core.recipes import RECIPES
from lmfn_core.train import TrainingDiverged, train
from lmfn_core.training_run import run

pytestmark = pytest.mark.gpu
SMALL = {"network": "lmfn-n1", "batch": 4, "crop": 64}


def batches_on(device: torch.device, last: int = 10**9):
    def batches(step: int):
        if step == last:
            raise InterruptedError
        images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(step))
        sharp = images.cumsum(-1).cumsum(-2) / 64**2
        return (sharp.roll(1, -1) * 0.5 + sharp * 0.5).to(device), sharp.to(device)

    return batches


def network() -> torch.nn.Module:
    torch.manual_seed(5)
    return build("lmfn-n1", image_skip=True)


def test_the_curve_starts_as_on_the_cpu(cuda_device):
    curves = [
        train(network(), batches_on(device), RECIPES["modern"], 5, device=device).losses
        for device in (torch.device("cpu"), cuda_device)
    ]
    assert curves[1] == pytest.approx(curves[0], rel=0.02)  # TF32 may train; it has three digits


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_resumed_run_goes_where_the_uninterrupted_one_went(cuda_device, precision, tmp_path):
    options = {"device": cuda_device, "precision": precision, "every": 4}
    whole = train(network(), batches_on(cuda_device), RECIPES["modern"], 10, **options)
    state = tmp_path / "run.state.safetensors"
    with pytest.raises(InterruptedError):
        train(network(), batches_on(cuda_device, last=7), RECIPES["modern"], 10, state=state, **options)
    resumed = train(network(), batches_on(cuda_device), RECIPES["modern"], 10, state=state, **options)
    assert resumed.steps_run == 6
    assert resumed.losses == pytest.approx(whole.losses, rel=0.05)  # a GPU adds in no fixed order


def test_a_loss_that_is_not_finite_stops_it(cuda_device):
    def poisoned(step: int):
        blurred, sharp = batches_on(cuda_device)(step)
        return blurred, sharp * (float("inf") if step == 2 else 1.0)

    with pytest.raises(TrainingDiverged, match="loss is inf at step 3"):
        train(network(), poisoned, RECIPES["modern"], 4, device=cuda_device)


@pytest.mark.parametrize("recipe", RECIPES)
def test_pairs_are_made_on_the_device_and_repeat(cuda_device, recipe):
    source, augment = open_data("bundled"), RECIPES[recipe].augment
    first, again = (source.train_batch(3, 4, 64, 0, cuda_device, augment) for _ in range(2))
    assert all(images.device.type == cuda_device.type and images.shape == (4, 3, 64, 64) for images in first)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_checkpoint_trained_there_opens_here(cuda_device, tmp_path):
    trained = run(**SMALL, steps=3, device=cuda_device.type, out=str(tmp_path))
    assert next(trained.model.parameters()).device.type == cuda_device.type
    model, card = load_weights(trained.weights)
    assert card["network"] == "lmfn-n1" and next(model.parameters()).device.type == "cpu"
    assert all(torch.equal(p, q.cpu()) for p, q in zip(model.parameters(), trained.model.parameters(), strict=True))


def test_two_gpus_follow_the_curve_of_one(cuda_device, tmp_path):
    if cuda_device.type == "cuda" and torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    options = {**SMALL, "steps": 6, "precision": "32-true", "device": cuda_device.type, "out": str(tmp_path)}
    one, two = (run(**options, name=f"of-{n}", processes=n) for n in (1, 2))
    assert two.history.losses == pytest.approx(one.history.losses, rel=0.02)
