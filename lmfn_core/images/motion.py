"""How a camera and an object move during an exposure: smooth random rotation, translation and zoom.

A pose is a similarity of the plane, ``z -> turn * z + shift`` on complex numbers ``z = x + iy``: pixels, x to the
right, y down, 0 the image's centre. It takes a pixel of one latent frame to where it lies in the sharp image. Time is
counted in frames; at time 0, the middle frame, the pose is the identity: ``turn`` 1, ``shift`` 0.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Int
from torch import Tensor

LONGEST_STEP = 2.0
"""Pixels between two exposures. A comb this fine repeats at the highest frequency that pixels hold: it is not seen."""
MOST_PARTS = 8
"""Exposures that one frame is made of at most."""
WAVES = 12
"""Cosines that make one smooth random function of time."""

Poses = tuple[Complex[Tensor, "b t"], Complex[Tensor, "b t"]]
"""``turn`` and ``shift`` of every sample at some times."""


@dataclass(frozen=True)
class Shake:
    """How the camera and the objects move. Every speed is a root mean square over samples, at the middle frame.

    The defaults are calibrated; ``blur`` says how. Frames of GoPro's own 240 Hz video (1280 pixels wide, hand-held)
    move 3 pixels each, differ by half a pixel across the image, and keep their direction for about 20 frames.

    Raises:
        ValueError: when a setting is out of its range.

    >>> Shake(rotation=0.0, zoom=0.0, object_motion=0.0).frames  # a uniform blur: the same at every pixel
    (7, 13)
    """

    strength: float = 1.0  # multiplies every speed; 0 leaves the image as it is
    frames: tuple[int, int] = (7, 13)  # fewest and most latent frames averaged
    translation: float = 0.68  # pixels per frame along each axis
    rotation: float = 0.08  # degrees per frame, about a random point
    zoom: float = 0.001  # relative change of scale per frame, about the same point
    pivot: float = 120.0  # pixels along each axis from the image's centre to that point
    smoothness: float = 10.0  # frames for which a path keeps its direction
    object_motion: float = 0.3  # share of the samples in which something moves by itself
    object_speed: float = 0.8  # pixels per frame along each axis, on top of the camera's motion

    def __post_init__(self) -> None:
        fewest, most = self.frames
        if not 1 <= fewest <= most:
            raise ValueError(f"frames is {self.frames}; it is (fewest, most), with 1 <= fewest <= most.")
        if not 0 <= self.object_motion <= 1:
            raise ValueError(f"object_motion is {self.object_motion}; it is a share of the samples, from 0 to 1.")
        if not self.smoothness > 0:
            raise ValueError(f"smoothness is {self.smoothness}; it is a number of frames, above 0.")
        for name in ("strength", "translation", "rotation", "zoom", "pivot", "object_speed"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it is a number from 0 up.")


GOPRO_LIKE = Shake()
"""The calibrated default."""


@dataclass(frozen=True)
class Motion:
    """One smooth random motion per sample, drawn once and read at any time.

    Each of the four functions x, y, angle and logarithm of the scale is a mean of cosines with random frequencies and
    phases, less its value at time 0: nearly a Gaussian process, known at every time.

    >>> turn, shift = Motion.draw(2, torch.Generator().manual_seed(0), Shake(), speed=1.0).at(torch.zeros(2, 1))
    >>> turn.tolist(), shift.tolist()
    ([[(1+0j)], [(1+0j)]], [[0j], [0j]])
    """

    frequency: Float[Tensor, "b 4 waves"]  # radians per frame
    phase: Float[Tensor, "b 4 waves"]
    amplitude: Float[Tensor, "4"]  # pixels, pixels, radians, 1
    pivot: Float[Tensor, "b 2"]  # x, y of the centre of rotation and zoom

    @classmethod
    def draw(cls, batch: int, generator: torch.Generator, shake: Shake, speed: float) -> "Motion":
        """Draws the motions; ``speed`` is the translation's, the rest is ``shake``'s."""
        place = {"generator": generator, "device": generator.device}
        frequency = torch.randn(batch, 4, WAVES, **place) / shake.smoothness
        phase = torch.rand(batch, 4, WAVES, **place) * (2 * math.pi)
        pivot = torch.randn(batch, 2, **place) * shake.pivot
        speeds = torch.tensor([speed, speed, math.radians(shake.rotation), shake.zoom], device=generator.device)
        # the mean of the cosines moves by 1 / (smoothness * sqrt(2 * WAVES)) per frame, root mean square
        return cls(frequency, phase, speeds * (shake.strength * shake.smoothness * math.sqrt(2 * WAVES)), pivot)

    def of(self, rows: Int[Tensor, "n"]) -> "Motion":
        """The motions of some of the samples."""
        return Motion(self.frequency[rows], self.phase[rows], self.amplitude, self.pivot[rows])

    def at(self, times: Float[Tensor, "b t"]) -> Poses:
        """The poses at these times: ``turn`` and ``shift``, each "b t"."""
        angle = self.frequency[:, None] * times[:, :, None, None] + self.phase[:, None]
        x, y, rotation, zoom = ((angle.cos() - self.phase.cos()[:, None]).mean(-1) * self.amplitude).unbind(-1)
        turn = torch.polar(zoom.exp(), rotation)
        pivot = torch.complex(*self.pivot.T)[:, None]
        return turn, (1 - turn) * pivot + torch.complex(x, y)


def layered(motions: list[Motion], times: Float[Tensor, "b t"]) -> list[Poses]:
    """The poses of layers, each of which moves on top of the one before it.

    >>> motion = Motion.draw(1, torch.Generator().manual_seed(0), Shake(), speed=1.0)
    >>> len(layered([motion, motion], torch.zeros(1, 5)))
    2
    """
    poses = [motions[0].at(times)]
    for motion in motions[1:]:
        (turn, shift), (own_turn, own_shift) = poses[-1], motion.at(times)
        poses.append((turn * own_turn, turn * own_shift + shift))
    return poses


def exposures(
    motions: list[Motion], frames: Int[Tensor, "b"], size: tuple[int, int]
) -> tuple[Int[Tensor, "b"], Float[Tensor, "b t"]]:
    """When to look: the number of exposures of each sample and their times, padded with 0 to the longest row.

    One exposure per latent frame, at -(n // 2) ... 0 ..., while the path is slow. A camera's frame is an exposure
    itself: where the path is fast, each frame becomes the mean of as many evenly spaced ones as keep the steps of every
    layer, at the corners of an image of size (h, w), below ``LONGEST_STEP``.

    >>> still = Motion.draw(1, torch.Generator().manual_seed(0), Shake(strength=0.0), speed=1.0)
    >>> exposures([still], torch.tensor([5]), (64, 64))[1].tolist()
    [[-2.0, -1.0, 0.0, 1.0, 2.0]]
    """
    first = -(frames // 2)[:, None]
    frame = torch.arange(int(frames.max()), device=frames.device)
    y, x = (size[0] - 1) / 2, (size[1] - 1) / 2
    corners = torch.tensor([complex(-x, -y), complex(x, -y), complex(-x, y), complex(x, y)], device=frames.device)
    paths = [turn[..., None] * corners + shift[..., None] for turn, shift in layered(motions, first + frame.float())]
    steps = torch.stack(paths).diff(dim=2).abs().amax((0, 3)) * (frame[1:] < frames[:, None])  # b most-1
    longest = F.pad(steps, (1, 0)).amax(1, keepdim=True)  # 0 for a single frame
    parts = (longest / LONGEST_STEP).ceil().clamp(1, MOST_PARTS)
    count = frames * parts[:, 0].long()
    slot = torch.arange(int(count.max()), device=frames.device)
    times = first + slot // parts + (slot % parts + 0.5) / parts - 0.5
    return count, times * (slot < count[:, None])


def camera_path(
    batch: int, frames: int, generator: torch.Generator, shake: Shake = GOPRO_LIKE, size: tuple[int, int] = (128, 128)
) -> Float[Tensor, "b t 3 3"]:
    """Camera paths as 3x3 matrices, one per latent frame: the identity at frame ``frames // 2``.

    A matrix takes a pixel (x, y, 1) of its frame, counted from the image's top left corner, to where that pixel lies in
    the sharp image of size (h, w). ``blur`` follows the same paths when its generator is in the same state.

    >>> camera_path(2, 9, torch.Generator().manual_seed(0))[0, 4].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    times = torch.arange(frames, device=generator.device) - frames // 2
    turn, shift = Motion.draw(batch, generator, shake, shake.translation).at(times.float().expand(batch, -1))
    shift = shift + (1 - turn) * complex((size[1] - 1) / 2, (size[0] - 1) / 2)  # from the centre to the corner
    zero, one = torch.zeros_like(turn.real), torch.ones_like(turn.real)
    rows = ((turn.real, 0 - turn.imag, shift.real), (turn.imag, turn.real, shift.imag), (zero, zero, one))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)
