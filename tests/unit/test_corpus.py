"""The corpus of the shipped weights: what is trained on, what is held out, and that the two never meet."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets.corpus import EVERY, HELD_OUT, SHARES, open_corpus
from lmfn_core.datasets.opening import open_data

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def picture(path, seed, size=(120, 90)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def sets(tmp_path):
    for i in range(EVERY + 2):
        picture(tmp_path / "bsds500" / f"{i:03}.png", i)
    for split, sequence in (("train", "GOPR0477_11_00"), ("train", HELD_OUT), ("test", "GOPR0384_11_00")):
        for kind in ("blur", "sharp"):
            picture(tmp_path / "GOPRO_Large" / split / sequence / kind / "000001.png", 50)
    for i in range(30):
        picture(tmp_path / "GOPRO_raw_half" / "GOPR0477_11_00" / f"{i:06}.png", 100 + i)
    picture(tmp_path / "kodak24" / "kodim01.png", 200)
    return tmp_path


def test_every_set_is_used_for_what_it_is_for(sets):
    corpus = open_data(f"corpus:{sets}")
    names = [pair.name for pair in corpus.test_pairs()]
    counts = {set_: sum(name.startswith(set_ + "/") for name in names) for set_ in corpus.held_out}
    assert counts == {"bsds500": 2, "gopro-held-out": 1, "kodak24": 1, "gopro-test": 1}
    assert [share for share, _ in corpus.mixture.source.parts] == list(SHARES.values())
    blurred, sharp = corpus.train_batch(9, 6, 32, 0, torch.device("cpu"), True)  # from the pairs of ten steps
    assert blurred.shape == sharp.shape == (6, 3, 32, 32) and not torch.equal(blurred, sharp)


def test_nothing_held_out_is_trained_on(sets):
    corpus = open_corpus(sets)
    trained = set()
    for _, source in corpus.mixture.source.parts:
        for entry in source.train.values():
            trained |= set(entry) if isinstance(entry, tuple) else {entry}
    held = set()
    for source in corpus.held_out.values():
        for entry in source.test.values():
            held |= set(entry) if isinstance(entry, tuple) else {entry}
    assert trained and held and not trained & held
    assert not [path for path in trained if "test" in path.parts or "kodak24" in path.parts]


def test_what_is_missing_is_left_out_and_an_empty_folder_refused(sets):
    shutil.rmtree(sets / "GOPRO_Large")
    assert list(open_corpus(sets).held_out) == ["bsds500", "kodak24"]
    with pytest.raises(FileNotFoundError, match="neither bsds500/ nor GOPRO_Large/"):
        open_corpus(sets / "kodak24")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no folder of real sets beside the checkout")
def test_the_real_sets():
    corpus = open_corpus(SHARED)
    counts = {name: len(source.test) for name, source in corpus.held_out.items()}
    assert counts == {"bsds500": 21, "gopro-held-out": 4, "kodak24": 24, "gopro-test": 4}


def test_a_card_draws_from_stocks_of_the_same_mixture(sets, monkeypatch):
    from lmfn_core.datasets import corpus as module

    corpus = open_corpus(sets)
    monkeypatch.setattr(module, "in_one_go", lambda device: True)
    corpus.on_card.at_once = 2
    blurred, sharp = corpus.train_batch(3, 4, 32, 0, torch.device("cpu"), True)
    assert blurred.shape == sharp.shape == (4, 3, 32, 32) and not torch.equal(blurred, sharp)
    assert corpus.on_card.source is corpus.mixture.source


def test_a_training_that_goes_on_sees_more_sharp_images(sets):
    for later, share in ((False, "6 %"), (True, "15 %")):
        assert f"{share} left unblurred" in open_corpus(sets, later=later).describe
