from contextlib import nullcontext

import pytest
import torch
from torch import nn

from lmfn_core.images.pairs import Pair
from lmfn_core.measures.metrics import ssim
from lmfn_core.training.evaluate import MEASURES, OF_TASK, evaluate, predict


class Brighter(nn.Module):
    def forward(self, x):
        return x + 0.1


def pairs() -> list[Pair]:
    sharp = torch.randint(40, 200, (2, 3, 24, 30), dtype=torch.uint8)
    return [Pair("a", sharp[0] - 20, sharp[0]), Pair("b", sharp[1] + 10, sharp[1])]


def test_the_identity_gains_nothing():
    result = evaluate(nn.Identity(), pairs())
    assert result["blurred"] == result["restored"] and result["gain_psnr_rgb"] == 0
    assert set(result["blurred"]) == set(MEASURES) and result["count"] == 2


def test_deraining_is_scored_on_luma_and_on_rgb():
    pair = pairs()[0]
    result = evaluate(Brighter(), [pair], OF_TASK["derain"])
    assert list(result["restored"]) == ["psnr_luma", "ssim_luma", "psnr_rgb", "ssim_per_channel"]
    image = result["images"][0]["blurred"]
    sharp, blurred = (image.float().div(255)[None] for image in (pair.sharp, pair.blurred))
    assert image["ssim_luma"] == pytest.approx(ssim(blurred, sharp, "luma").item())
    assert image["psnr_luma"] > image["psnr_rgb"] + 1


def test_means_are_over_images_and_the_gain_is_their_difference():
    result = evaluate(Brighter(), pairs())
    by_image = [image["restored"]["psnr_rgb"] for image in result["images"]]
    assert result["restored"]["psnr_rgb"] == pytest.approx(sum(by_image) / 2)
    assert by_image[0] > by_image[1]  # 26 levels brighter helps the darkened image and harms the brightened one
    assert result["gain_psnr_rgb"] == pytest.approx(result["restored"]["psnr_rgb"] - result["blurred"]["psnr_rgb"])
    assert [image["name"] for image in result["images"]] == ["a", "b"]


def test_prediction_is_clamped_and_leaves_the_mode_alone():
    model = Brighter().train()
    assert predict(model, torch.full((3, 16, 16), 250, dtype=torch.uint8)).max() == 1.0
    assert model.training


def precisions() -> list[object]:
    """What a GPU would do with float32: torch's own switches, read without a GPU too."""
    conv, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    if hasattr(conv, "conv"):
        return [conv.conv.fp32_precision, matmul.fp32_precision]
    return [conv.allow_tf32, matmul.allow_tf32]


class Watched(nn.Module):
    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.fails, self.seen = fails, None

    def forward(self, x):
        self.seen = precisions()
        if self.fails:
            raise MemoryError
        return x


@pytest.mark.parametrize("fails", [False, True])
def test_a_gpu_would_predict_in_full_float32_and_then_do_as_before(fails):
    before, model = precisions(), Watched(fails)
    with pytest.raises(MemoryError) if fails else nullcontext():
        predict(model, torch.zeros(3, 16, 16, dtype=torch.uint8))
    assert model.seen in (["ieee", "ieee"], [False, False])
    assert precisions() == before and before[0] in ("tf32", True)


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(ValueError, match="no pairs"):
        evaluate(nn.Identity(), [])
