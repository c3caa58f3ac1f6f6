"""Arrays and tensors of every usual kind as the networks take them, floats "b 3 h w" in [0, 1], and back.

Colour is restored and transparency left alone; a grey image is restored as RGB and its luma kept. Numbers in between
are float32, which holds 8 and 16 bits exactly: what a network leaves alone comes back to the bit.
"""

from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from lmfn_core.models.lmfn import SMALLEST

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G, B in a grey image (ITU-R BT.601, as Pillow's "L")."""
LEVELS = MappingProxyType({"uint8": 255, "uint16": 65535})
"""The value of white in each integer type."""


def to_batch(
    image: Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."], as_bytes: bool = False
) -> Shaped[Tensor, "b 3 h w"]:
    """An image of any kind as a batch of RGB images, float32 in [0, 1], on the image's device.

    Args:
        image: an array "h w" (grey), "h w 2" (grey, alpha), "h w 3" (RGB) or "h w 4" (RGB, alpha) of uint8, uint16 or
            floats in [0, 1]; or a tensor, one image or a batch of RGB, uint8 or floats in [0, 1].
        as_bytes: leave 8 bits as they are, without a copy: floats of a large photograph take four times as much.

    Raises:
        ValueError: for another type, shape or range, NaN, or a side below 16 pixels.

    >>> to_batch(np.zeros((16, 24), np.uint16)).shape
    torch.Size([1, 3, 16, 24])
    """
    if isinstance(image, Tensor):
        planes = _checked_tensor(image).detach()
        return planes if as_bytes and planes.dtype == torch.uint8 else _scaled(planes)
    _check(_shape_of(image), _type_of(image), image.dtype.kind == "f")
    colour = image if image.ndim == 2 else image[..., 0] if image.shape[2] == 2 else image[..., :3]
    if colour.dtype.kind != "u" or colour.dtype.itemsize > 1:
        colour = colour.astype(np.float32)
    pixels = torch.from_numpy(np.require(colour, requirements=["C", "W"]))
    planes = pixels.expand(1, 3, *pixels.shape) if pixels.ndim == 2 else pixels.permute(2, 0, 1).unsqueeze(0)
    return planes if as_bytes and planes.dtype == torch.uint8 else _scaled(planes, LEVELS.get(_type_of(image), 1))


def from_batch(
    batch: Float[Tensor, "b 3 h w"], like: Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."]
) -> Shaped[np.ndarray, "..."] | Shaped[Tensor, "..."]:
    """A restored batch as the kind, type and shape of image that ``like`` is; values are clipped to the range.

    Args:
        like: what ``to_batch`` was given; its alpha is kept.

    Raises:
        ValueError: when the batch holds NaN or infinity: the network has failed on this image.

    >>> grey = np.random.default_rng(0).integers(0, 65536, (16, 24), dtype=np.uint16)
    >>> bool((from_batch(to_batch(grey), grey) == grey).all())
    True
    """
    if not all(value.isfinite() for value in batch.aminmax()):
        raise ValueError("The network's answer is not finite for this image; try precision float32 or other weights.")
    white = LEVELS.get(_type_of(like), 1)
    planes = batch.clamp(0, 1).mul_(white)
    if white > 1:
        planes = planes.round_()
    if isinstance(like, Tensor):
        return planes.reshape(like.shape).to(like.device, like.dtype)
    planes = planes[0].cpu()
    if like.ndim == 2 or like.shape[2] == 2:
        grey = sum(weight * plane for weight, plane in zip(LUMA, planes, strict=True))
        planes = (grey.round_() if white > 1 else grey).clamp(0, white).unsqueeze(0)
    if like.ndim == 2:
        return planes[0].numpy().astype(like.dtype)
    restored = np.empty(like.shape, like.dtype)
    restored[..., : len(planes)] = planes.permute(1, 2, 0).numpy()
    restored[..., len(planes) :] = like[..., len(planes) :]
    return restored


def _scaled(planes: Tensor, white: int = 1) -> Tensor:
    if planes.dtype == torch.uint8:
        return planes.float().div_(255)
    planes = planes.float() / white
    low, high = planes.aminmax()
    if not (low >= 0 and high <= 1):  # NaN is neither
        many = int((~torch.isfinite(planes)).sum())
        found = f"{many} values that are NaN or infinite" if many else f"values from {low:.4g} to {high:.4g}"
        raise ValueError(f"The image holds {found}; floats are to lie in [0, 1]: scale or clip them first.")
    return planes


def _checked_tensor(image: Tensor) -> Tensor:
    shape = tuple(image.shape)
    if image.ndim not in (3, 4) or shape[-3] != 3 or 0 in shape:
        raise ValueError(f"A tensor is to be RGB, (3, height, width) or (batch, 3, height, width); got shape {shape}.")
    _check(shape[-2:], _type_of(image), image.is_floating_point(), ("uint8",))
    return image if image.ndim == 4 else image.unsqueeze(0)


def _shape_of(array: np.ndarray) -> tuple[int, int]:
    if array.ndim not in (2, 3) or array.ndim == 3 and array.shape[2] not in (2, 3, 4):
        raise ValueError(f"An array is to be (height, width) or (height, width, 2, 3 or 4); got shape {array.shape}.")
    return array.shape[:2]


def _type_of(image: np.ndarray | Tensor) -> str:
    return str(image.dtype).removeprefix("torch.") if isinstance(image, Tensor) else image.dtype.name


def _check(size: tuple[int, ...], dtype: str, floating: bool, integers: tuple[str, ...] = tuple(LEVELS)) -> None:
    if not floating and dtype not in integers:
        raise ValueError(f"An image is to be of {' or '.join(integers)}, or floats in [0, 1]; got {dtype}.")
    if min(size) < SMALLEST:
        raise ValueError(f"The image is {size[1]} x {size[0]}; each side must be at least {SMALLEST} pixels.")
