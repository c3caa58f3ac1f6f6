"""Self-ensemble: every way back is the way there undone, and the mean is of as many answers as it says."""

import numpy as np
import pytest
import torch
from torch import Tensor

from lmfn_core import build, restore
from lmfn_core.evidence.weights_tables import by_set
from lmfn_core.measures.metrics import psnr
from lmfn_core.restoring.ensemble import SelfEnsemble, turned, ways
from lmfn_core.restoring.restoration import open_engine

IMAGE = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0))


class Seen:
    """A network that changes nothing and keeps what it was asked."""

    def __init__(self) -> None:
        self.images: list[Tensor] = []

    def __call__(self, image: Tensor) -> Tensor:
        self.images.append(image)
        return image


@pytest.mark.parametrize("way", ways("deblur"))
def test_the_way_back_undoes_the_way(way):
    assert torch.equal(turned(turned(IMAGE, way), way[::-1]), IMAGE)


@pytest.mark.parametrize(("task", "count", "portraits"), [("deblur", 8, 4), ("derain", 4, 0)])
def test_every_way_is_asked_once(task, count, portraits):
    answer = SelfEnsemble(seen := Seen(), task)(IMAGE)
    torch.testing.assert_close(answer, IMAGE)
    kinds = {(tuple(image.shape), tuple(image.flatten().tolist())) for image in seen.images}
    assert len(seen.images) == len(kinds) == count
    assert sum(image.shape[-2:] == (24, 16) for image in seen.images) == portraits


def test_it_is_the_mean_of_the_answers_turned_back():
    ramp = torch.linspace(0, 1, 24).expand(2, 3, 16, 24)

    def brighter_on_the_right(image: Tensor) -> Tensor:
        return image + torch.linspace(0, 1, image.shape[-1])

    answer = SelfEnsemble(brighter_on_the_right)(ramp)
    # to the right, to the left, and, by the copies with rows and columns exchanged, down and up: evenly half
    torch.testing.assert_close(answer, ramp + 0.5)


def test_an_answer_no_longer_depends_on_how_the_image_lies():
    torch.manual_seed(0)
    model = build("lmfn-n1").eval()
    image = torch.rand(1, 3, 64, 80)
    with torch.inference_mode():
        plain = model(image.flip(-1)).flip(-1) - model(image)
        averaged = SelfEnsemble(model)(image.flip(-1)).flip(-1) - SelfEnsemble(model)(image)
    assert plain.abs().max() > 1e-3 and averaged.abs().max() < 1e-5


def test_the_error_of_the_mean_is_no_larger_than_the_mean_error():
    noise = torch.Generator().manual_seed(1)
    mean = SelfEnsemble(lambda image: image + 0.1 * torch.randn(image.shape, generator=noise))(IMAGE)
    alone = IMAGE + 0.1 * torch.randn(IMAGE.shape, generator=noise)
    assert (psnr(mean, IMAGE) - psnr(alone, IMAGE)).min() > 8  # 9.03 dB for eight independent errors


@pytest.mark.parametrize(("task", "count"), [("deblur", 8), ("derain", 4)])
def test_restore_takes_it(task, count):
    seen = Seen()
    photograph = np.arange(3 * 16 * 24, dtype=np.uint8).reshape(16, 24, 3)
    assert np.array_equal(restore(photograph, task=task, network=seen, ensemble=True), photograph)
    assert len(seen.images) == count
    assert restore(photograph, task=task, network=seen) is not None and len(seen.images) == count + 1


def test_with_the_weights_of_the_package():
    engine, averaged = (open_engine(device="cpu", backend="torch", ensemble=e) for e in (False, True))
    image = torch.rand(1, 3, 40, 56)
    expected = torch.stack([turned(engine(turned(image, way)), way[::-1]) for way in ways("deblur")]).mean(0)
    torch.testing.assert_close(averaged(image), expected, rtol=0, atol=1e-6)


def test_the_table_has_it_where_all_images_of_a_set_have_it():
    scores = {"psnr_rgb": 20.0, "psnr_luma": 21.0, "ssim_per_channel": 0.5, "ssim_matlab_rgb": 0.6}
    better, best = ({name: value + more for name, value in scores.items()} for more in (1, 2))
    images = [{"name": name, "blurred": scores, "restored": better} for name in ("kodak24/1", "bsds500/1", "bsds500/2")]
    record = {"metrics": {"images": images, "ensemble": {"kodak24/1": best, "bsds500/1": best}}}
    kodak, bsds = by_set(record).rows
    assert kodak["gain (dB)"] == "+1.00" and kodak["self-ensemble (dB)"] == "+2.00"
    assert "self-ensemble (dB)" not in bsds and "8 turned copies, at 8 times" in by_set(record).caption
    assert "elf-ensemble" not in by_set({"metrics": {"images": images}}).caption


def test_another_task_is_refused():
    with pytest.raises(ValueError, match="task is 'dehaze'; it can be 'deblur' or 'derain'"):
        SelfEnsemble(Seen(), "dehaze")
