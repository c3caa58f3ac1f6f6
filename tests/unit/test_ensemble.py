"""Self-ensemble: every way back is the way there undone, and the mean is of as many answers as it says."""

import numpy as np
import pytest
import torch
from torch import Tensor

from lmfn_core import build, restore
from lmfn_core.evidence.weights_tables import by_set
from lmfn_core.measures.metrics import psnr
from lmfn_core.restoring.ensemble import LOOKS, SelfEnsemble, turned, ways
from lmfn_core.restoring.restoration import open_engine

IMAGE = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0))


class Seen:
    """A network that changes nothing and keeps what it was asked."""

    def __init__(self) -> None:
        self.images: list[Tensor] = []

    def __call__(self, image: Tensor) -> Tensor:
        self.images.append(image)
        return image


@pytest.mark.parametrize("way", ways("deblur", 8))
def test_the_way_back_undoes_the_way(way):
    assert torch.equal(turned(turned(IMAGE, way), way[::-1]), IMAGE)


@pytest.mark.parametrize(
    ("task", "count", "portraits"),
    [("deblur", 2, 0), ("deblur", 4, 2), ("deblur", 8, 4), ("derain", 2, 0), ("derain", 4, 0)],
)
def test_every_way_is_asked_once(task, count, portraits):
    answer = SelfEnsemble(seen := Seen(), task, count)(IMAGE)
    torch.testing.assert_close(answer, IMAGE)
    kinds = {(tuple(image.shape), tuple(image.flatten().tolist())) for image in seen.images}
    assert len(seen.images) == len(kinds) == count
    assert sum(image.shape[-2:] == (24, 16) for image in seen.images) == portraits


@pytest.mark.parametrize("task", LOOKS)
def test_fewer_looks_are_the_first_of_more(task):
    *fewer, most = LOOKS[task]
    images = [turned(IMAGE, way) for way in ways(task, most)]
    assert torch.equal(images[0], IMAGE) and torch.equal(images[1], IMAGE.flip(-1))
    for looks in fewer:
        pairs = zip(images[:looks], [turned(IMAGE, way) for way in ways(task, looks)], strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_it_is_the_mean_of_the_answers_turned_back():
    ramp = torch.linspace(0, 1, 24).expand(2, 3, 16, 24)

    def brighter_on_the_right(image: Tensor) -> Tensor:
        return image + torch.linspace(0, 1, image.shape[-1])

    answer = SelfEnsemble(brighter_on_the_right, "deblur", 8)(ramp)
    # to the right, to the left, and, by the copies with rows and columns exchanged, down and up: evenly half
    torch.testing.assert_close(answer, ramp + 0.5)


@pytest.mark.parametrize("looks", [2, 8])
def test_an_answer_no_longer_depends_on_how_the_image_lies(looks):
    torch.manual_seed(0)
    model = build("lmfn-n1").eval()
    asked = SelfEnsemble(model, "deblur", looks)
    image = torch.rand(1, 3, 64, 80)
    with torch.inference_mode():
        plain = model(image.flip(-1)).flip(-1) - model(image)
        averaged = asked(image.flip(-1)).flip(-1) - asked(image)
    assert plain.abs().max() > 1e-3 and averaged.abs().max() < 1e-5


@pytest.mark.parametrize(("looks", "least"), [(2, 2.5), (4, 5.0), (8, 8.0)])  # 3, 6, 9 dB of independent errors
def test_the_error_of_the_mean_falls_with_the_looks(looks, least):
    noise = torch.Generator().manual_seed(1)

    def guess(image: Tensor) -> Tensor:
        return image + 0.1 * torch.randn(image.shape, generator=noise)

    assert (psnr(SelfEnsemble(guess, "deblur", looks)(IMAGE), IMAGE) - psnr(guess(IMAGE), IMAGE)).min() > least


@pytest.mark.parametrize(("task", "looks"), [(task, looks) for task in LOOKS for looks in LOOKS[task]])
def test_restore_takes_it(task, looks):
    seen = Seen()
    photograph = np.arange(3 * 16 * 24, dtype=np.uint8).reshape(16, 24, 3)
    assert np.array_equal(restore(photograph, task=task, network=seen, looks=looks), photograph)
    assert len(seen.images) == looks
    assert restore(photograph, task=task, network=seen) is not None and len(seen.images) == looks + 1, "one, unasked"


def test_with_the_weights_of_the_package():
    engine, averaged = (open_engine(device="cpu", backend="torch", looks=looks) for looks in (1, 4))
    image = torch.rand(1, 3, 40, 56)
    expected = torch.stack([turned(engine(turned(image, way)), way[::-1]) for way in ways("deblur", 4)]).mean(0)
    torch.testing.assert_close(averaged(image), expected, rtol=0, atol=1e-6)


def test_the_table_has_it_where_all_images_of_a_set_have_it():
    scores = {"psnr_rgb": 20.0, "psnr_luma": 21.0, "ssim_per_channel": 0.5, "ssim_matlab_rgb": 0.6}
    better, good, best = ({name: value + more for name, value in scores.items()} for more in (1, 1.5, 2))
    images = [{"name": name, "blurred": scores, "restored": better} for name in ("kodak24/1", "bsds500/1", "bsds500/2")]
    looks = {number: {"kodak24/1": values, "bsds500/1": values} for number, values in (("2", good), ("4", best))}
    table = by_set(record := {"metrics": {"images": images, "looks": looks}})
    kodak, bsds = table.rows
    assert kodak["gain (dB)"] == "+1.00" and kodak["2 looks (dB)"] == "+1.50" and kodak["4 looks (dB)"] == "+2.00"
    assert not any("looks" in title for title in bsds) and "so many times the work" in table.caption
    del record["metrics"]["looks"]
    assert "looks" not in by_set(record).caption


@pytest.mark.parametrize("looks", [0, 3, 16])
def test_another_number_is_refused(looks):
    with pytest.raises(ValueError, match=f"looks is {looks}; to deblur it can be 1, 2, 4 or 8"):
        SelfEnsemble(Seen(), "deblur", looks)
    with pytest.raises(ValueError, match=f"looks is {looks}"):
        restore(np.zeros((16, 24, 3), np.uint8), network=Seen(), looks=looks)


def test_another_task_is_refused():
    with pytest.raises(ValueError, match="task is 'dehaze'; it can be 'deblur' or 'derain'"):
        SelfEnsemble(Seen(), "dehaze", 2)
