import pytest
import torch
from torch import nn

from lmfn_core.evaluate import MEASURES, evaluate, predict
from lmfn_core.pairs import Pair


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


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(ValueError, match="no pairs"):
        evaluate(nn.Identity(), [])
