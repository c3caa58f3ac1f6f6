import pytest
import torch
from torch import nn

from lmfn_core.images.pairs import Pair
from lmfn_core.measures.metrics import score
from lmfn_core.training.evaluate import MEASURES, evaluate, predict

pytestmark = pytest.mark.gpu


def blend() -> nn.Module:
    """Three convolutions of positive weights that add up to 1: floats in [0, 1] stay there, so nothing is clamped."""
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in ((3, 64), (64, 64), (64, 3))))
    with torch.no_grad():
        for layer in model:
            layer.weight.abs_().div_(layer.weight.sum(dim=(1, 2, 3), keepdim=True))
    return model


def test_predictions_are_made_in_full_float32(photograph, cuda_device):
    model = blend()
    answer = predict(model.to(cuda_device), photograph).cpu()
    with torch.inference_mode():
        exact = model.cpu().double()(photograph.double().div(255).unsqueeze(0)).squeeze(0)
    assert (answer - exact).abs().max() < 2e-6  # TF32 keeps 10 bits of each factor: 7e-5


def test_a_network_is_evaluated_where_it_lies_and_stays_there(lmfn, photograph, cuda_device):
    model = lmfn.to(cuda_device)
    result = evaluate(model, [Pair("waves", photograph.roll(1, -1), photograph)])
    assert next(model.parameters()).device.type == cuda_device.type
    assert result["count"] == 1 and set(result["restored"]) == set(MEASURES)
    assert result["blurred"]["psnr_rgb"] != result["restored"]["psnr_rgb"]


def test_measures_computed_on_the_device_are_the_cpus(photograph, cuda_device):
    sharp = photograph.float().div(255).unsqueeze(0)
    noisy = (sharp + 0.05 * torch.sin(torch.arange(130.0))).clamp(0, 1)
    here, there = score(noisy, sharp), score(noisy.to(cuda_device), sharp.to(cuda_device))
    for name, values in there.items():
        assert values.device.type == cuda_device.type
        assert values.cpu() == pytest.approx(here[name], rel=1e-9)
