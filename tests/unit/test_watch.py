"""A training watched: which pairs are looked at, whose weights are scored, and a curve that survives a resume."""

import json

import pytest
import torch
from torch import nn

from lmfn_core.images.pairs import Pair
from lmfn_core.training.recipes import RECIPES
from lmfn_core.training.train import train
from lmfn_core.training.watch import Watch, a_few, load_average, mean_gains


class Sharper(nn.Module):
    """Undoes the darkening of ``pairs``."""

    def forward(self, x):
        return x + 10 / 255


def pairs():
    sharp = torch.randint(40, 200, (4, 3, 16, 20), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return [Pair(name, image - 20, image) for name, image in zip(("a/1", "a/2", "a/3", "b/1"), sharp, strict=True)]


def test_a_few_of_each_set_in_their_order():
    assert [pair.name for pair in a_few(pairs(), 2)] == ["a/1", "a/2", "b/1"]


def test_gains_are_means_by_set():
    gains = mean_gains(Sharper(), pairs())
    half_the_error = 20 * torch.log10(torch.tensor(2.0)).item()
    assert gains == pytest.approx({"a": half_the_error, "b": half_the_error}, abs=1e-6)


def test_the_average_is_what_is_scored(tmp_path):
    torch.manual_seed(0)
    model = nn.Conv2d(3, 3, 3, padding=1)
    image = torch.rand(2, 3, 16, 16)
    state, seen = tmp_path / "a.state.safetensors", {}

    def on_step(done, _):
        seen[done] = load_average(state, nn.Conv2d(3, 3, 3, padding=1)).weight.clone(), model.weight.detach().clone()

    train(model, lambda _: (image, image), RECIPES["modern"], 8, state=state, every=4, on_step=on_step)
    assert not torch.equal(*seen[4])
    assert torch.equal(seen[8][0], model.weight)  # a finished training leaves its average in the model


def test_a_curve_goes_on_and_a_repeated_save_counts_once(tmp_path):
    weights = tmp_path / "a.safetensors"
    first = Watch.of(weights)
    for step in (10, 20):
        first.look(step, Sharper(), pairs())
    resumed = Watch.of(weights)
    resumed.look(20, Sharper(), pairs())
    point = resumed.look(30, Sharper(), pairs())
    assert [p["step"] for p in Watch.of(weights).points] == [10, 20, 30]
    assert point["hours"] >= first.points[-1]["hours"] and set(point["gains"]) == {"a", "b"}
    assert json.loads((tmp_path / "a.curve.json").read_text()) == resumed.points


def test_a_damaged_curve_starts_anew(tmp_path):
    (tmp_path / "a.curve.json").write_text('[{"step"')
    assert Watch.of(tmp_path / "a.safetensors").points == []
