"""What notebook A1 measures with: differences, short trainings that repeat bit by bit, jobs on other threads."""

import copy

import numpy as np
import pytest
import torch

from lmfn_core import build
from lmfn_core.benchmark.brief_training import blurred_scenes, train_briefly
from lmfn_core.benchmark.drift import apart, block_forms, errors_by_depth, strengthened
from lmfn_core.benchmark.runtimes import elsewhere, other_runtimes, restored
from lmfn_core.benchmark.tolerances import tolerance


def test_a_difference_is_taken_in_float64():
    fine = torch.full((4,), 0.5 + 2.0**-20)
    assert apart(fine, torch.full((4,), 0.5))["largest"] == 2.0**-20
    assert apart(torch.full((4,), 0.75).bfloat16(), torch.full((4,), 0.75 + 2.0**-12))["rms"] == 2.0**-12
    assert apart(fine, fine)["db"] == float("inf")


def test_decibels_are_the_psnr_and_steps_those_of_8_bits():
    image = torch.zeros(3, 4, 5)
    image[0, 0, 0] = -51 / 255
    seen = apart(image, torch.zeros(3, 4, 5))
    assert seen["steps"] == pytest.approx(51)
    assert seen["db"] == pytest.approx(-10 * np.log10((51 / 255) ** 2 / 60))


def test_the_same_training_twice_is_equal_bit_by_bit():
    first, again = train_briefly(3), train_briefly(3)
    assert first["losses"] == again["losses"] and np.array_equal(first["answers"], again["answers"])
    assert first["answers"].shape == (3, 2, 3, 64, 64)


@pytest.mark.parametrize("change", [{"nudge": True}, {"layout": "channels_last"}, {"precision": "bfloat16"}])
def test_what_should_not_matter_moves_little_and_a_seed_much(change):
    first, other, seed = train_briefly(6), train_briefly(6, **change), train_briefly(6, seed=1)
    little, much = (np.abs(run["answers"] - first["answers"]).max() for run in (other, seed))
    assert 0 < little < much
    assert abs(other["psnr"] - first["psnr"]) < tolerance("training_psnr")


def test_it_trains_even_where_gradients_are_off():
    with torch.no_grad():
        losses = train_briefly(2)["losses"]
    assert losses == train_briefly(2)["losses"]


def test_the_scenes_repeat_and_are_blurred_to_the_right():
    (blurred, sharp), (again, _) = blurred_scenes(2, 64), blurred_scenes(2, 64)
    assert torch.equal(blurred, again)
    assert (blurred[..., 10] - sharp[..., 6:15].mean(-1)).abs().max() < tolerance("forward_float32")


def test_a_job_elsewhere_has_its_own_threads_and_gives_the_same_within_tolerance():
    here = torch.get_num_threads()
    images = [blurred_scenes(1, 64)[0].numpy()]
    there = elsewhere(2, restored, "lmfn", images)
    assert torch.get_num_threads() == here
    assert np.abs(there[0] - restored("lmfn", images)[0]).max() < tolerance("forward_float32")


def test_errors_are_listed_in_the_order_the_layers_run():
    model, image = build("lmfn-n1").eval(), blurred_scenes(1, 64)[0]
    errors = errors_by_depth(model, image, copy.deepcopy(model).double())
    assert next(iter(errors)) == "encoder.stem" and [*errors][-1] == "reconstruct"
    assert 0 < max(errors.values()) < 1e-4
    assert not [module for module in model.modules() if module._forward_hooks]


def test_strong_weights_are_the_same_each_time_and_their_layers_count():
    first, again = strengthened(build("lmfn-n1")), strengthened(build("lmfn-n1"))
    assert all(torch.equal(p, q) for p, q in zip(first.parameters(), again.parameters(), strict=True))
    with torch.no_grad():
        assert first(blurred_scenes(1, 64)[0]).std() > 0.1


def test_every_form_of_a_block_is_its_specification():
    for name, (fast, loops) in block_forms().items():
        assert (fast - loops).abs().max() < tolerance("block_float32"), name


def test_what_is_not_here_is_said(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert other_runtimes(build("lmfn-n1")) == {}
    said = capsys.readouterr().out
    assert "OpenVINO is not installed" in said and "no GPU here" in said and "ONNX Runtime" in said
