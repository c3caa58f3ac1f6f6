"""Smooth random paths: at rest in the middle, with the stated speeds, dense enough for fast ones."""

import math

import pytest
import torch

from lmfn_core.images.motion import LONGEST_STEP, MOST_PARTS, Motion, Shake, camera_path, exposures, layered


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("frames", [7, 8, 13])
def test_the_middle_frame_is_the_identity(frames):
    path = camera_path(50, frames, seeded(), Shake(strength=5.0), (300, 500))
    assert torch.equal(path[:, frames // 2], torch.eye(3).expand(50, 3, 3))
    assert (path[:, 0] - torch.eye(3)).abs().amax((1, 2)).min() > 0.01


def test_equal_seeds_give_equal_paths():
    assert torch.equal(camera_path(4, 9, seeded(3)), camera_path(4, 9, seeded(3)))
    assert not torch.equal(camera_path(4, 9, seeded(3)), camera_path(4, 9, seeded(4)))


def test_speeds_are_the_stated_ones():
    shake = Shake(translation=0.7, rotation=0.2, zoom=0.003, pivot=0.0, strength=2.0)
    times = torch.tensor([-0.05, 0.05]).expand(20_000, 2)
    turn, shift = Motion.draw(20_000, seeded(), shake, shake.translation).at(times)
    rms = lambda x: (x[:, 1] - x[:, 0]).div(0.1).square().mean().sqrt().item()  # noqa: E731
    assert rms(shift.real) == pytest.approx(1.4, rel=0.03)
    assert rms(shift.imag) == pytest.approx(1.4, rel=0.03)
    assert rms(turn.angle().rad2deg()) == pytest.approx(0.4, rel=0.03)
    assert rms(turn.abs().log()) == pytest.approx(0.006, rel=0.03)


def test_a_longer_smoothness_makes_straighter_paths():
    def straightness(smoothness):
        shake = Shake(smoothness=smoothness, rotation=0.0, zoom=0.0)
        points = camera_path(500, 13, seeded(), shake)[:, :, :2, 2]
        return ((points[:, -1] - points[:, 0]).norm(dim=1) / points.diff(dim=1).norm(dim=2).sum(1)).mean()

    assert straightness(3.0) < straightness(10.0) - 0.1 < straightness(40.0)
    assert straightness(40.0) > 0.97


def test_matrices_move_pixels_as_the_poses_do():
    size, shake = (40, 60), Shake(strength=5.0)
    turn, shift = Motion.draw(3, seeded(), shake, shake.translation).at((torch.arange(9.0) - 4).expand(3, 9))
    pixel, centre = torch.tensor([7.0, 31.0, 1.0]), complex(29.5, 19.5)
    moved = camera_path(3, 9, seeded(), shake, size) @ pixel
    expected = turn * (complex(7, 31) - centre) + shift + centre
    assert torch.allclose(torch.complex(moved[..., 0], moved[..., 1]), expected, atol=1e-4)


def test_rotation_and_zoom_leave_one_random_point_where_it_is():
    shake = Shake(translation=0.0, strength=5.0, pivot=30.0)
    path = camera_path(500, 13, seeded(), shake, (200, 100)).double()
    moves, shifts = path[:, 0, :2, :2] - torch.eye(2), path[:, 0, :2, 2:]
    fixed = torch.linalg.solve(moves, -shifts)
    stays = (path[:, :, :2, :2] @ fixed[:, None] + path[:, :, :2, 2:] - fixed[:, None]).norm(dim=2).amax(1)
    assert stays.median() < 1e-3
    assert (fixed.squeeze(2).median(0).values - torch.tensor([49.5, 99.5])).abs().max() < 5
    assert ((fixed.squeeze(2) - torch.tensor([49.5, 99.5])).abs().median() / 30).item() == pytest.approx(0.67, abs=0.1)


def test_layers_move_on_top_of_each_other():
    shake, times = Shake(strength=5.0), torch.tensor([[-3.0, 2.0]])
    first, second = (Motion.draw(1, seeded(s), shake, 1.0) for s in (0, 1))
    (_, (turn, shift)), z = layered([first, second], times), complex(10, -20)
    below, above = first.at(times), second.at(times)
    assert torch.allclose(turn * z + shift, below[0] * (above[0] * z + above[1]) + below[1], atol=1e-4)


def test_slow_paths_take_one_exposure_per_frame():
    motion = Motion.draw(3, seeded(), Shake(strength=0.01), 1.0)
    counts, times = exposures([motion], torch.tensor([7, 8, 13]), (64, 64))
    assert counts.tolist() == [7, 8, 13]
    assert times[0].tolist() == [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0] + 6 * [0.0]
    assert times[1, :8].tolist() == [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]


def test_fast_paths_take_enough_exposures_to_leave_no_gaps():
    frames, size = torch.randint(1, 14, (200,), generator=seeded()), (400, 20)
    motion = Motion.draw(200, seeded(), Shake(strength=3.0), 1.0)
    counts, times = exposures([motion], frames, size)
    assert (counts % frames == 0).all() and (counts > frames).any()
    turn, shift = motion.at(times)
    corners = torch.tensor([complex(x, y) for x in (-9.5, 9.5) for y in (-199.5, 199.5)])
    steps = (turn[..., None] * corners + shift[..., None]).diff(dim=1).abs().amax(2)
    steps = steps * (torch.arange(1, times.shape[1]) < counts[:, None])
    # a step is measured between frames, the path may hurry a little in between or beyond
    assert steps[counts < frames * MOST_PARTS].max() < 1.25 * LONGEST_STEP
    for n, count, row in zip(frames.tolist(), counts.tolist(), times, strict=True):
        by_frame = row[:count].view(n, -1).mean(1)  # the exposures of a frame surround it
        assert torch.allclose(by_frame, torch.arange(float(n)) - n // 2, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"frames": (9, 7)}, r"frames is \(9, 7\)"),
        ({"frames": (0, 7)}, r"1 <= fewest <= most"),
        ({"object_motion": 1.5}, "object_motion is 1.5"),
        ({"smoothness": 0.0}, "smoothness is 0.0"),
        ({"translation": -1.0}, "translation is -1.0"),
        ({"strength": math.nan}, "strength is nan"),
    ],
)
def test_settings_out_of_range_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Shake(**settings)
