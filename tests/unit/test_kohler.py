"""Köhler's protocol: scale and shift are taken out, hidden borders count as equal, and the best frame wins."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import jaxtyping
import pytest
import torch

from lmfn_core.images.photos import bundled, read_image
from lmfn_core.images.trajectories import trajectories
from lmfn_core.measures.kohler import CHUNK, Score, benchmark, best, compare, shifts_between
from lmfn_core.measures.multiscale import LOW_PASS, WEIGHTS, multiscale_ssim

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "kohler"
SHIFTS = [(0, 0), (5, 0), (0, -7), (-12, 9), (31, 40)]


@pytest.fixture(scope="module")
def photo():
    return bundled("test")["chelsea"][:, :300, :400].contiguous()


def seen_from(photo: torch.Tensor, shift: tuple[int, int], size=(200, 240)) -> torch.Tensor:
    """The same scene through a window that moved: new content comes in at the borders."""
    top, left = 50 - shift[0], 60 - shift[1]
    return photo[:, top : top + size[0], left : left + size[1]].contiguous()


@pytest.mark.parametrize("shift", SHIFTS)
def test_a_moved_image_scores_as_the_same(photo, shift):
    score = best(seen_from(photo, (0, 0)), [seen_from(photo, shift)])
    assert score.shift == shift
    # the scale is taken before the shift, over other borders, so that it is not exactly one
    assert score.psnr > (100 if shift == (0, 0) else 28) and score.mssim > 0.99


def test_scale_is_taken_out(photo):
    frame = seen_from(photo, (0, 0))
    darker = (frame.double() * 0.6).round().to(torch.uint8)
    plain = 10 * torch.log10(255**2 / (darker.double() - frame.double()).square().mean())
    assert plain < 20 < 40 < best(darker, [frame]).psnr


def test_scale_is_the_least_squares_one(photo):
    """Against the formula written out for one pixel grid, with noise so that it is no clean ratio."""
    generator = torch.Generator().manual_seed(0)
    x = seen_from(photo, (0, 0))
    z = (x.double() * 0.8 + torch.randn(x.shape, generator=generator) * 6).round().clamp(0, 255).to(torch.uint8)
    scale = (x.double() * z).sum() / (z.double() ** 2).sum()
    grey = [0.299 * i[0] + 0.587 * i[1] + 0.114 * i[2] for i in (x.double(), scale * z.double())]
    expected = 10 * torch.log10(255**2 / (grey[0] - grey[1]).square().mean())
    assert best(z, [x]).psnr == pytest.approx(expected.item(), abs=1e-9)


def test_hidden_pixels_count_as_equal(photo):
    """The error sum is divided by all pixels, the hidden ones included, as the benchmark does."""
    z = seen_from(photo, (0, 0))
    moved = seen_from(photo, (20, 0)).clone()
    moved[:, 150, 100] = 255 - moved[:, 150, 100]
    psnr, _, shifts = compare(z, moved[None])
    assert shifts.tolist() == [[20, 0]]
    scale = (moved.double() * z).sum() / (z.double() ** 2).sum()
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
    grey, truth = (torch.einsum("chw,c->hw", i.double(), weights) for i in (z, moved))
    error = (scale * grey[:180] - truth[20:]).square().sum() / grey.numel()
    assert psnr.item() == pytest.approx((10 * torch.log10(255**2 / error)).item(), abs=1e-9)


def test_the_best_frame_wins_and_missing_frames_are_left_out(photo):
    z = seen_from(photo, (0, 0))
    noise = torch.randint(0, 60, z.shape, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    worse = z // 2 + noise
    frames = [worse] * (CHUNK + 1) + [z] + [worse]
    score = best(z, iter(frames))
    assert (score.frame, score.frames) == (CHUNK + 1, CHUNK + 3)
    assert best(z, [worse]).psnr < 35 < score.psnr
    assert best(z, frames[:3]).frames == 3


def test_chunks_change_nothing(photo, monkeypatch):
    frames = [seen_from(photo, shift) for shift in SHIFTS]
    z = torch.nn.functional.avg_pool2d(seen_from(photo, (3, 3)).float(), 3, 1, 1).round().to(torch.uint8)
    once = best(z, frames)
    monkeypatch.setattr("lmfn_core.measures.kohler.CHUNK", 2)
    again = best(z, frames)
    assert (once.frame, once.shift) == (again.frame, again.shift) and once.psnr == pytest.approx(again.psnr, abs=1e-12)


def test_shift_of_half_the_image_is_the_positive_one():
    image = torch.rand(8, 10, generator=torch.Generator().manual_seed(0))
    assert shifts_between(image, image.roll((4, -4), (0, 1))[None]).tolist() == [[4, -4]]


def test_every_shift_up_to_half_the_image_is_found():
    image = torch.rand(7, 10, generator=torch.Generator().manual_seed(0))
    shifts = [[down, right] for down in range(-3, 4) for right in range(-4, 6)]
    frames = torch.stack([image.roll(shift, (0, 1)) for shift in shifts])
    assert shifts_between(image, frames).tolist() == shifts


def test_multiscale_on_constants_by_hand():
    """Flat images have no contrast to compare: only the luminance term of the coarsest scale is left."""
    x, y = (torch.full((1, 200, 180), v, dtype=torch.float64) for v in (100.0, 120.0))
    c1 = (0.01 * 255) ** 2
    expected = ((2 * 100 * 120 + c1) / (100**2 + 120**2 + c1)) ** WEIGHTS[-1]
    assert multiscale_ssim(x, y).item() == pytest.approx(expected, abs=1e-9)
    assert sum(LOW_PASS) == pytest.approx(1, abs=1e-7) and sum(WEIGHTS) == pytest.approx(1, abs=1e-4)


def test_multiscale_agrees_with_torchmetrics_in_order(photo):
    """Another form of the measure (average pooling, one mean per scale) ranks noise the same and lies nearby."""
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as other

    x = photo.double().mean(0)[None]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = [multiscale_ssim(x + s * noise, x).item() for s in (2, 10, 40)]
    theirs = [other((x + s * noise)[None], x[None], data_range=255.0).item() for s in (2, 10, 40)]
    assert ours == sorted(ours, reverse=True) and all(abs(a - b) < 0.05 for a, b in zip(ours, theirs, strict=True))


def test_opposite_images_score_nothing(photo):
    x = photo.double().mean(0)[None]
    assert multiscale_ssim(255 - x, x).item() < 0.01


def test_bad_input(photo):
    z = seen_from(photo, (0, 0))
    with pytest.raises(ValueError, match="There is no reference frame"):
        best(z, [])
    with pytest.raises(
        ValueError, match=r"reference frame has shape \(3, 200, 240\), the restored image \(3, 200, 200\)"
    ):
        best(z[..., :200], [z])
    with pytest.raises(ValueError, match="The image is 100 x 200; multi-scale SSIM needs 176"):
        best(z[..., :100].contiguous(), [z[..., :100].contiguous()])
    with pytest.raises(ValueError, match="There are no shots"):
        benchmark(lambda blurred: blurred, [])


def test_a_black_image_is_scored_and_not_divided_by_zero(photo):
    z = seen_from(photo, (0, 0))
    assert 0 < best(torch.zeros_like(z), [z]).psnr < 20


def test_identical_and_constant_images_are_equal_and_nothing_is_divided_by_zero(photo):
    z = seen_from(photo, (0, 0))
    for image in (z, torch.full_like(z, 128), torch.zeros_like(z)):
        score = best(image, [image])
        assert score.psnr > 250 and score.mssim == pytest.approx(1, abs=1e-9) and score.shift == (0, 0)
    grey = torch.full((1, 180, 180), 128.0, dtype=torch.float64)
    assert multiscale_ssim(grey, grey).item() == pytest.approx(1, abs=1e-12)


def test_one_pixel_nan_and_another_range_are_refused(photo, monkeypatch):
    one = torch.zeros(3, 1, 1, dtype=torch.uint8)
    with pytest.raises(ValueError, match="The image is 1 x 1; multi-scale SSIM needs 176"):
        best(one, [one])
    grey = torch.zeros(1, 180, 180, dtype=torch.float64)
    hole = grey.clone()
    hole[0, 3, 4] = torch.nan
    for pair, name in (((hole, grey), "preds"), ((grey, hole), "target")):
        with pytest.raises(ValueError, match=f"{name} holds 1 values that are not finite"):
            multiscale_ssim(*pair)
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the typing hook would answer first
    z = seen_from(photo, (0, 0))
    for pair in ((z / 255, z), (z, z / 255)):
        with pytest.raises(ValueError, match="Köhler's score is of 8-bit images, 0 to 255; got torch.float32"):
            best(pair[0], [pair[1]])


def test_the_benchmark_is_the_mean_of_the_best(photo):
    frames = [seen_from(photo, shift) for shift in SHIFTS[:2]]
    soft = torch.nn.functional.avg_pool2d(frames[0].float(), 5, 1, 2).round().to(torch.uint8)
    result = benchmark(lambda blurred: blurred, [("1_1", soft, frames), ("1_2", frames[0], frames[:1])])
    assert result["count"] == 2 and [image["name"] for image in result["images"]] == ["1_1", "1_2"]
    assert result["mssim"] == pytest.approx(sum(image["mssim"] for image in result["images"]) / 2)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real shots at {DATA}")
def test_real_shots_gain_by_alignment():
    frame = read_image(DATA / "GroundTruth1_1_1.jpg")
    for trajectory in (2, 3):
        blurred = read_image(DATA / "BlurryImages" / f"Blurry1_{trajectory}.png")
        plain = 10 * torch.log10(255**2 / (blurred.double() - frame.double()).square().mean()).item()
        score = best(blurred, [frame])
        assert score.psnr > plain + 3 and score.shift != (0, 0)
    result = benchmark(lambda blurred: blurred, trajectories(DATA).to_score())
    assert [(image["name"], image["frames"]) for image in result["images"]] == [("1_1", 1)]


def test_a_score_stays_what_it_is():
    with pytest.raises(FrozenInstanceError):
        Score(30.0, 0.9, 0, (0, 0), 1).psnr = 40.0
