"""Pairs on the card: the corpus's own way of making them, from images that lie there."""

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets.corpus import open_corpus

pytestmark = pytest.mark.gpu


@pytest.fixture
def corpus(tmp_path):
    def picture(place, seed):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / place)

    for number in range(21):
        picture(f"bsds500/{number:03}.png", number)
    for kind in ("blur", "sharp"):
        picture(f"GOPRO_Large/train/GOPR0477_11_00/{kind}/000001.png", 50)
    for number in range(30):
        picture(f"GOPRO_raw_half/GOPR0477_11_00/{number:06}.png", 100 + number)
    return open_corpus(tmp_path)


def test_batches_are_made_there_and_repeat(cuda_device, corpus):
    first = corpus.train_batch(300, 24, 32, 0, cuda_device, True)
    corpus.on_card._made.clear()
    corpus.on_card._shelf = None
    again = corpus.train_batch(300, 24, 32, 0, cuda_device, True)
    assert all(images.device.type == cuda_device.type and images.shape == (24, 3, 32, 32) for images in first)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1])
    assert all(float(images.min()) >= 0 and float(images.max()) <= 1 for images in first)
