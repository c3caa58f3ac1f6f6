import pytest
import torch

from lmfn_core import build, networks
from lmfn_core.training.evaluate import predict

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 64), (101, 81), (63, 300), (720, 1280)])
def test_an_image_of_any_size_comes_back_in_its_size(lmfn, height, width, cuda_device):
    image = torch.randint(256, (3, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    restored = predict(lmfn.to(cuda_device), image)
    assert restored.shape == image.shape and restored.device.type == cuda_device.type
    assert restored.min() >= 0 and restored.max() <= 1
    assert restored.std() > 0.1  # the image is noise; a grey answer would be none


@pytest.mark.parametrize("name", networks())
def test_every_network_restores_as_on_the_cpu(name, photograph, cuda_device):
    torch.manual_seed(0)
    model = build(name, image_skip=True)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():  # a new network's last layer is zero: it would return its input
                parameter.normal_(std=0.01)
    here, there = predict(model, photograph), predict(model.to(cuda_device), photograph).cpu()
    assert not torch.equal(here, photograph / 255)
    torch.testing.assert_close(there, here, rtol=0, atol=1e-4)


def test_an_image_too_small_is_refused_there_too(lmfn, cuda_device):
    with pytest.raises(ValueError, match="The image is 20 x 15; each side must be at least 16 pixels"):
        predict(lmfn.to(cuda_device), torch.zeros(3, 15, 20, dtype=torch.uint8))
