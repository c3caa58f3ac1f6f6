"""How far a GPU's answer lies from the CPU's, with the same weights.

The yardstick is what float32 costs on the CPU itself: its distance from float64. A GPU adds the same products in
another order, so in float32 it may lie a few such distances away, and no more: one bit less in each factor would double
it, and TF32 drops 13. bfloat16 drops 16 bits, so it may lie 2**16 distances away.
"""

import copy

import pytest
import torch

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.images.pairs import Pair
from lmfn_core.training.evaluate import evaluate, predict

pytestmark = pytest.mark.gpu
FEW = 8
"""Distances that another order of summation is allowed; TF32 takes hundreds."""


@pytest.fixture
def exact(lmfn, photograph):
    """The answer in float64 on the CPU, not rounded."""
    with torch.inference_mode():
        return lmfn.double()(photograph.double().div(255).unsqueeze(0)).squeeze(0).clamp(0, 1)


@pytest.fixture
def answers(lmfn, photograph, exact, cuda_device):
    """The answer in float32 on the CPU and on the device."""
    on_cpu = predict(lmfn.float(), photograph)
    return on_cpu.double(), predict(copy.deepcopy(lmfn).to(cuda_device), photograph).cpu().double()


def test_float32_drifts_as_far_as_rounding_explains(answers, exact):
    on_cpu, on_gpu = answers
    yardstick = (on_cpu - exact).abs().max()
    assert 1e-8 < yardstick < tolerance("gpu_forward")
    assert (on_gpu - exact).abs().max() < FEW * yardstick
    assert (on_gpu - on_cpu).abs().max() < tolerance("gpu_forward")


def test_bfloat16_drifts_further_but_is_no_other_image(lmfn, photograph, exact, answers, cuda_device):
    yardstick = (answers[0] - exact).abs().max()
    model = lmfn.float().to(cuda_device)
    with torch.inference_mode(), torch.autocast(cuda_device.type, torch.bfloat16):
        image = photograph.to(cuda_device).float().div(255).unsqueeze(0)
        drift = (model(image).squeeze(0).float().clamp(0, 1).cpu() - exact).abs().max()
    assert FEW * yardstick < drift < 2**16 * yardstick
    assert drift < 2 / 255  # grey levels


def test_scores_agree_to_a_hundredth_of_a_decibel(lmfn, photograph, cuda_device):
    pairs = [Pair("waves", photograph.roll(1, -1), photograph), Pair("turned", photograph.flip(-1), photograph)]
    on_cpu, on_gpu = (evaluate(copy.deepcopy(lmfn).to(device), pairs)["restored"] for device in ("cpu", cuda_device))
    for name in ("psnr_rgb", "psnr_luma"):
        assert on_gpu[name] == pytest.approx(on_cpu[name], abs=0.01)
    for name in ("ssim_per_channel", "ssim_matlab_rgb"):
        assert on_gpu[name] == pytest.approx(on_cpu[name], abs=1e-4)
