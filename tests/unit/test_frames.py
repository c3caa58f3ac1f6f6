"""Raw frames averaged into pairs: the arithmetic, the windows, repeatable batches, and no frame on both sides."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets import frames
from lmfn_core.datasets.frame_layouts import sequences
from lmfn_core.datasets.frames import TEST_FRAMES, FrameAverages, average, open_frames, windows
from lmfn_core.datasets.opening import open_data
from lmfn_core.images.pairs import Source
from lmfn_core.images.photos import read_image

CPU = torch.device("cpu")
DATA = Path(__file__).parents[2].parent / "shared" / "data"


def film(root: Path, count: int, first: int = 1, size=(40, 32)) -> Path:
    """Frames whose red channel is their number, so that an average tells which frames went in."""
    root.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for number in range(first, first + count):
        frame = noise.copy()
        frame[..., 0] = number
        Image.fromarray(frame).save(root / f"{number:06}.png")
    return root


@pytest.fixture
def source(tmp_path):
    film(tmp_path / "train" / "GOPR0001_01_00", 20)
    film(tmp_path / "test" / "GOPR0002_01_00", 2 * TEST_FRAMES + 3, first=100)
    return open_frames(tmp_path)


def batch(source, step=0, crop=16, seed=0, augment=False, size=6):
    return source.train_batch(step, size, crop, seed, CPU, augment)


def test_linear_and_gamma_averages():
    frames = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 2, 2)
    assert (average(frames) * 255).unique().tolist() == [128.0]
    assert (average(frames, gamma=True) * 255).unique().round().tolist() == [round(255 * 0.5 ** (1 / 2.2))]
    same = torch.full((7, 3, 2, 2), 77, dtype=torch.uint8)
    for gamma in (False, True):
        assert (average(same, gamma) * 255).round().unique().tolist() == [77.0]


def test_a_batch_averages_an_odd_run_about_its_sharp_frame(source):
    assert isinstance(source, Source)
    lengths = set()
    for step in range(20):
        blurred, sharp = batch(source, step)
        assert blurred.shape == sharp.shape == (6, 3, 16, 16)
        # red is the frame's number: the mean of a run about the middle one is the middle one's
        assert torch.allclose(blurred[:, 0], sharp[:, 0], atol=1e-6)
        assert torch.allclose(blurred[:, 1:], sharp[:, 1:], atol=1e-6)  # cropped at the same place
        lengths |= set((sharp[:, 0, 0, 0] * 255).round().int().tolist())
    assert min(lengths) >= 4 and max(lengths) <= 17  # 7 frames at least, within 1..20
    assert len(lengths) > 8


def test_lengths_reach_from_seven_to_thirteen(tmp_path, monkeypatch):
    seen = set()
    source = FrameAverages({"a": tuple(sorted(film(tmp_path / "a", 20).iterdir()))}, {}, "film")
    average = lambda tiles, gamma: seen.add(len(tiles)) or tiles[0].float()  # noqa: E731
    monkeypatch.setattr("lmfn_core.datasets.frames.average", average)
    for step in range(12):
        batch(source, step)
    assert seen == {7, 9, 11, 13}


def test_batches_repeat_by_step_and_seed(source):
    first, again = batch(source, augment=True), batch(source, augment=True)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for other in (batch(source, step=1, augment=True), batch(source, seed=1, augment=True)):
        assert not torch.equal(first[1], other[1])


def test_gamma_changes_the_blurred_image_only(tmp_path):
    film(tmp_path / "a", 40)
    linear, gamma = open_frames(tmp_path), open_frames(tmp_path, gamma=True)
    assert "encoded values" in linear.describe and "gamma 2.2" in gamma.describe
    assert open_data(f"gopro-all-gamma:{tmp_path}") == gamma and open_data(f"gopro-all:{tmp_path}") == linear
    (blurred, sharp), (bright, same) = batch(linear), batch(gamma)
    assert torch.equal(sharp, same) and (bright[:, 0] >= blurred[:, 0]).all() and not torch.equal(bright, blurred)


def test_held_out_windows_do_not_overlap(source):
    pairs = list(source.test_pairs())
    assert [pair.name for pair in pairs] == ["GOPR0002_01_00/000105", "GOPR0002_01_00/000116"]
    for pair, middle in zip(pairs, (105, 116), strict=True):
        assert pair.blurred.dtype == torch.uint8
        assert pair.sharp[0].unique().tolist() == pair.blurred[0].unique().tolist() == [middle]


def test_without_a_split_the_last_tenth_is_held_out_and_shares_no_frame(tmp_path):
    film(tmp_path / "GOPR0001_01_00", 150)
    source = open_frames(tmp_path)
    (train,), (test,) = source.train.values(), source.test.values()
    assert (len(train), len(test)) == (135, 15)
    assert not set(train) & set(test) and train[-1] < test[0]
    film(tmp_path / "short", 12)  # too short to give a window away: trains
    assert {len(frames) for frames in open_frames(tmp_path).train.values()} == {135, 12}


def test_a_missing_frame_begins_another_sequence(tmp_path):
    film(tmp_path / "a", 10)
    (tmp_path / "a" / "000004.png").unlink()
    assert {name: len(frames) for name, frames in sequences(tmp_path).items()} == {"a/000001": 3, "a/000005": 6}


def test_frames_are_ordered_by_number(tmp_path):
    for number in (9, 10, 11):
        Image.new("RGB", (8, 8)).save(tmp_path / f"frame{number}.png")
    (frames,) = sequences(tmp_path).values()
    assert [path.stem for path in frames] == ["frame9", "frame10", "frame11"]
    Image.new("RGB", (8, 8)).save(tmp_path / "cover.png")
    with pytest.raises(ValueError, match=r"cover\.png has no number at the end"):
        sequences(tmp_path)


def test_pairs_are_not_taken_for_raw_frames(tmp_path):
    for kind in ("blur", "sharp"):
        film(tmp_path / "GOPR0001_01_00" / kind, 30)
    with pytest.raises(ValueError, match="holds blurred images, not only raw frames; say gopro:"):
        open_data(f"gopro-all:{tmp_path}")


def test_too_few_frames(tmp_path):
    film(tmp_path / "a", 9)
    with pytest.raises(ValueError, match="13 frames in a row to train on and 11 others to hold out.* has 9 and 0"):
        open_frames(tmp_path)
    film(tmp_path / "a", 23)
    with pytest.raises(ValueError, match="has 23 and 0"):
        open_frames(tmp_path)
    assert len(list(open_frames(film(tmp_path / "a", 24).parent).test_pairs())) == 1


def test_a_frame_smaller_than_a_crop(source):
    with pytest.raises(ValueError, match=r"0000..\.png' is 40 x 32, smaller than the 48 pixels that a crop takes"):
        batch(source, crop=48)


def test_windows_leave_a_rest_out():
    assert [len(w) for w in windows({"a": tuple(map(Path, "1234567"))}, 3)] == [3, 3]


RAW, PAIRS = DATA / "GOPRO_raw_half", DATA / "GOPRO_Large" / "train" / "GOPR0477_11_00"


@pytest.mark.skipif(not RAW.is_dir(), reason=f"no raw frames at {RAW}")
def test_real_frames_average_to_the_pairs_made_of_them():
    """Pair 20 is the mean of 11 full-size frames about 000215; the raw ones are halved: the two orders agree."""
    (frames,) = sequences(RAW).values()
    at = [path.stem for path in frames].index("000215")
    window = torch.stack([read_image(path) for path in frames[at - 5 : at + 6]])
    halved = torch.nn.functional.avg_pool2d(read_image(PAIRS / "blur" / "000020.png").float()[None], 2)[0]
    assert (
        (average(window) * 255 - halved).abs().mean() < 0.5 < (average(window, gamma=True) * 255 - halved).abs().mean()
    )


def test_all_averages_at_once_are_what_they_are_one_by_one(source, monkeypatch):
    """The card's way, on the CPU: red is the frame's number, so that its mean tells which frames went in."""
    monkeypatch.setattr(frames, "in_one_go", lambda device: True)
    lengths = set()
    for step in range(20):
        blurred, sharp = batch(source, step)
        assert blurred.shape == sharp.shape == (6, 3, 16, 16)
        assert torch.allclose(blurred, sharp, atol=1e-6)
        lengths |= set((sharp[:, 0, 0, 0] * 255).round().int().tolist())
    assert min(lengths) >= 4 and max(lengths) <= 17
    again = batch(source, 19)
    assert torch.equal(again[0], blurred) and torch.equal(again[1], sharp)


def test_linear_light_is_averaged_at_once_too(tmp_path, monkeypatch):
    for number, value in enumerate([0, 255] * 10):
        (tmp_path / "s").mkdir(exist_ok=True)
        Image.new("RGB", (16, 16), (value,) * 3).save(tmp_path / "s" / f"{number:03}.png")
    source = FrameAverages(sequences(tmp_path / "s"), {}, "flicker", gamma=True, frames=(7, 7))
    monkeypatch.setattr(frames, "in_one_go", lambda device: True)
    blurred, _ = batch(source)
    assert set((blurred * 255).round().unique().tolist()) <= {round(255 * (n / 7) ** (1 / 2.2)) for n in (3, 4)}
