import subprocess
import sys

import pytest
import torch

from lmfn_core import build
from lmfn_core.datasets.opening import open_data
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.training.captured import WARM, Captured
from lmfn_core.training.recipes import RECIPES
from lmfn_core.training.run import run
from lmfn_core.training.state import TrainingDiverged
from lmfn_core.training.train import train

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
        train(network(), batches_on(device), RECIPES["modern"], 10, device=device).losses
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
    """In a process of its own: the hook that checks shapes in tests cannot be compiled, and on a card a run is."""
    options = {**SMALL, "steps": 12, "device": cuda_device.type, "out": tmp_path}
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    subprocess.run([sys.executable, "-m", "lmfn_core.training.run", *words], check=True)
    model, card = load_weights(tmp_path / "weights" / "train-lmfn.safetensors")
    assert card["network"] == "lmfn-n1" and next(model.parameters()).device.type == "cpu"
    again = run(**SMALL, steps=12, device=cuda_device.type, out=str(tmp_path))
    assert all(torch.equal(p, q.cpu()) for p, q in zip(model.parameters(), again.model.parameters(), strict=True))
    assert len(again.history.losses) == 12


def test_recorded_steps_are_the_steps_themselves(cuda_device):
    def losses(wrap):
        model = network().to(cuda_device)
        rate = torch.tensor(1e-3, device=cuda_device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True, capturable=True)

        def advance(blurred, sharp):
            loss = RECIPES["modern"].loss(model(blurred), sharp)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            return loss.detach()

        advance, seen = wrap(advance), []
        for step in range(3 * WARM):
            rate.fill_(1e-3 / (1 + step))
            seen.append(advance(*batches_on(cuda_device)(step)))
        return [loss.item() for loss in seen]

    assert losses(Captured) == pytest.approx(losses(lambda step: step), rel=0.01)


def test_images_of_another_size_cannot_be_replayed(cuda_device):
    double = Captured(lambda blurred, sharp: (blurred + sharp).sum())
    for number in range(WARM + 2):
        images = torch.full((1, 3, 8, 8), float(number), device=cuda_device)
        assert double(images, images).item() == 2 * 192 * number
    with pytest.raises(RuntimeError):
        double(torch.zeros(1, 3, 9, 9, device=cuda_device), torch.zeros(1, 3, 9, 9, device=cuda_device))


def test_two_gpus_follow_the_curve_of_one(cuda_device, tmp_path):
    if cuda_device.type == "cuda" and torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    options = {**SMALL, "steps": 6, "precision": "32-true", "device": cuda_device.type, "out": str(tmp_path)}
    one, two = (run(**options, name=f"of-{n}", processes=n) for n in (1, 2))
    assert two.history.losses == pytest.approx(one.history.losses, rel=0.02)
