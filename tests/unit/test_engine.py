"""A network made ready: the same image in every runtime and precision, the model left alone, bad words refused."""

import copy

import pytest
import torch

from lmfn_core import LMFN
from lmfn_core.engine import fast
from lmfn_core.photos import bundled


@pytest.fixture(scope="module")
def model():
    return LMFN.from_pretrained()


@pytest.fixture(scope="module")
def image():
    return bundled("test")["chelsea"][None, :, 40:141, 60:193].float() / 255


@pytest.mark.parametrize("backend", ["torch", "auto"])
def test_the_exact_form_gives_the_networks_numbers(model, image, backend):
    with torch.inference_mode():
        expected = model.eval()(image)
    assert torch.allclose(fast(model, "cpu", "float32", backend)(image), expected, atol=1e-5)


def test_what_the_hardware_likes_is_equal_to_the_eye(model, image):
    with torch.inference_mode():
        expected = model.eval()(image)
    difference = fast(model, "cpu")(image) - expected
    assert -10 * difference.square().mean().log10() > 50


def test_the_model_is_left_as_it_was(model, image):
    before = copy.deepcopy(model.state_dict())
    fast(model, "cpu", "bfloat16", "torch")(image)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_unknown_words_are_refused(model):
    with pytest.raises(ValueError, match="precision is 'half'; it can be"):
        fast(model, "cpu", "half")
    with pytest.raises(ValueError, match="backend is 'tensorrt'; it can be"):
        fast(model, "cpu", backend="tensorrt")
