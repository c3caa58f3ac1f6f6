import pytest
import torch
from torch import nn

from lmfn_core.training.recipes import RECIPES, charbonnier, cosine, step_decay
from lmfn_core.training.state import TrainingDiverged
from lmfn_core.training.train import train


def small() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))


def batches(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    sharp = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(step))
    return sharp.roll(1, -1) * 0.5 + sharp * 0.5, sharp


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


class Killed(Exception):
    pass


def killed_at(step: int):
    def run(asked: int):
        if asked == step:
            raise Killed
        return batches(asked)

    return run


@pytest.mark.parametrize("recipe", RECIPES)
def test_training_lowers_the_loss(recipe):
    history = train(small(), batches, RECIPES[recipe], 60)
    assert len(history.losses) == history.steps_run == 60
    assert sum(history.losses[-10:]) < sum(history.losses[:10])
    assert 0 < history.data_seconds < history.seconds


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, recipe, precision):
    whole, parts, state = small(), small(), tmp_path / "run.state.safetensors"
    expected = train(whole, batches, RECIPES[recipe], 12, precision=precision)
    with pytest.raises(Killed):
        train(parts, killed_at(9), RECIPES[recipe], 12, precision=precision, state=state, every=4)
    assert state.is_file()
    with torch.no_grad():
        for p in parts.parameters():
            p.add_(1)  # whatever the process held is gone
    resumed = train(parts, batches, RECIPES[recipe], 12, precision=precision, state=state, every=4)
    assert resumed.steps_run == 4
    assert resumed.losses == expected.losses
    assert torch.equal(weights(parts), weights(whole))
    assert not list(tmp_path.iterdir())


def test_a_state_of_other_settings_is_not_resumed(tmp_path):
    state = tmp_path / "run.state.safetensors"
    for settings, run in (({"seed": 0}, 6), ({"seed": 1}, 6), ({"seed": 1}, 2)):
        model = small()
        try:
            history = train(model, killed_at(5), RECIPES["paper"], 6, state=state, settings=settings, every=4)
        except Killed:
            continue
        assert history.steps_run == run
    assert state.is_file()
    assert train(small(), batches, RECIPES["paper"], 6, state=state, settings={"seed": 0}, every=4).steps_run == 6


def test_a_damaged_state_is_not_resumed(tmp_path):
    state = tmp_path / "run.state.safetensors"
    with pytest.raises(Killed):
        train(small(), killed_at(5), RECIPES["paper"], 6, state=state, every=4)
    state.write_bytes(state.read_bytes()[:-100])
    assert train(small(), batches, RECIPES["paper"], 6, state=state, every=4).steps_run == 6


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(tmp_path):
    state = tmp_path / "run.state.safetensors"

    def poisoned(step: int):
        blurred, sharp = batches(step)
        return blurred, sharp * (float("nan") if step == 6 else 1.0)

    with pytest.raises(TrainingDiverged, match=r"loss is nan at step 7; the state after step 4 is kept in .*lower the"):
        train(small(), poisoned, RECIPES["modern"], 12, state=state, every=4)
    assert train(small(), batches, RECIPES["modern"], 12, state=state, every=4).steps_run == 8


def test_the_average_of_a_short_run_moves():
    model = small()
    before = weights(model)
    train(model, batches, RECIPES["modern"], 20)
    assert (weights(model) - before).abs().max() > 1e-4


def test_schedules():
    assert [cosine(s, 200) for s in (0, 9, 10, 200)] == [0.1, 1.0, 1.0, 0.0]
    assert cosine(105, 200) == pytest.approx(0.5)
    assert [step_decay(s, 10**7) for s in (0, 500_000, 1_000_000)] == pytest.approx([1, 0.1, 0.01])


def test_charbonnier_is_close_to_the_absolute_difference():
    preds, target = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    assert charbonnier(preds, target).item() == pytest.approx((preds - target).abs().mean().item(), abs=1e-3)
    assert charbonnier(target, target).item() == pytest.approx(1e-3)


def test_the_papers_recipe_is_the_papers():
    recipe = RECIPES["paper"]
    optimizer = recipe.optimizer(small().parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    assert type(optimizer) is torch.optim.Adam and optimizer.defaults["betas"][0] == 0.9
    assert (recipe.lr, recipe.weight_decay, recipe.augment, recipe.ema) == (1e-4, 1e-4, False, None)
    assert recipe.loss(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 2.0)) == 4.0
