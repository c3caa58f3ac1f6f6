"""Every kind of array and tensor comes back as itself from a network that changes nothing, and bad ones are refused."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lmfn_core.files.pictures import from_batch, to_batch

DTYPES = ["uint8", "uint16", ">u2", "float16", "float32", "float64"]
CHANNELS = [(), (2,), (3,), (4,)]


def some(dtype, shape):
    """Random numbers over the whole range of the type."""
    random = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        return random.random(shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


@settings(max_examples=60, deadline=None)
@given(
    array=st.sampled_from(["uint8", "uint16"]).flatmap(
        lambda dtype: hnp.arrays(dtype, st.sampled_from([(16, 17, *channels) for channels in CHANNELS]))
    )
)
def test_integers_come_back_to_the_bit(array):
    back = from_batch(to_batch(array), array)
    assert back.dtype == array.dtype and np.array_equal(back, array)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", CHANNELS, ids=str)
def test_every_kind_of_array_comes_back_in_kind(dtype, channels):
    array = some(dtype, (18, 21, *channels))
    batch = to_batch(array)
    assert batch.shape == (1, 3, 18, 21) and batch.dtype == torch.float32 and 0.9 < batch.max() <= 1
    back = from_batch(batch, array)
    assert back.dtype == array.dtype and back.shape == array.shape
    assert np.allclose(back.astype(float), array.astype(float), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [(), (2,)], ids=str)
def test_every_kind_of_tensor_comes_back_in_kind(dtype, batch):
    tensor = torch.rand(*batch, 3, 16, 20)
    tensor = (tensor * 255).round().to(dtype) if dtype == torch.uint8 else tensor.to(dtype)
    back = from_batch(to_batch(tensor), tensor)
    assert back.dtype == dtype and back.shape == tensor.shape and torch.allclose(back.double(), tensor.double())


def test_views_turned_and_read_only_arrays_are_taken():
    array = some("uint8", (20, 16, 3))
    array.flags.writeable = False
    for view in (array, array[::-1], array[:, ::-1], np.rot90(array), np.asfortranarray(array)):
        assert np.array_equal(from_batch(to_batch(view), view), view)


def test_the_input_is_left_alone():
    for image in (some("uint8", (16, 16, 4)), some("float32", (16, 16, 3)), torch.rand(3, 16, 16)):
        before = image.copy() if isinstance(image, np.ndarray) else image.clone()
        from_batch(to_batch(image) * 0, image)
        assert (image == before).all()


def test_alpha_is_kept_and_colours_are_clipped():
    array = some("uint16", (16, 16, 4))
    back = from_batch(torch.full((1, 3, 16, 16), 1.5), array)
    assert (back[..., :3] == 65535).all() and np.array_equal(back[..., 3], array[..., 3])
    grey = some("uint8", (16, 16, 2))
    back = from_batch(torch.full((1, 3, 16, 16), -0.5), grey)
    assert (back[..., 0] == 0).all() and np.array_equal(back[..., 1], grey[..., 1])


def test_grey_keeps_the_luma_of_what_the_network_gives():
    red = torch.zeros(1, 3, 16, 16)
    red[:, 0] = 1
    assert (from_batch(red, np.zeros((16, 16), np.uint8)) == 76).all()  # 0.299 of 255


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((16, 16, 3), np.int32), "uint8 or uint16, or floats in .* got int32"),
        (np.zeros((16, 16), bool), "got bool"),
        (np.zeros((16, 16, 3), complex), "got complex128"),
        (np.full((16, 16, 3), 200.0), "values from 200 to 200; floats are to lie in"),
        (np.full((16, 16), -0.1), "values from -0.1 to -0.1"),
        (np.full((16, 16, 3), np.nan), "768 values that are NaN or infinite"),
        (np.full((16, 16, 3), np.inf), "768 values that are NaN or infinite"),
        (np.zeros((3, 16, 16)), r"got shape \(3, 16, 16\)"),
        (np.zeros((2, 16, 16, 3)), "got shape"),
        (np.zeros((16, 15, 3)), "15 x 16; each side must be at least 16"),
        (np.zeros((0, 16, 3)), "16 x 0"),
        (torch.zeros(1, 16, 16), r"RGB, \(3, height, width\)"),
        (torch.zeros(0, 3, 16, 16), "got shape"),
        (torch.zeros(3, 16, 16, dtype=torch.int64), "got int64"),
        (torch.full((3, 16, 16), 2.0), "values from 2 to 2"),
        (torch.zeros(3, 8, 16), "16 x 8"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(image, words):
    with pytest.raises(ValueError, match=words) as refused:
        to_batch(image)
    assert "\n" not in str(refused.value)


def test_a_network_that_failed_is_told():
    with pytest.raises(ValueError, match="not finite"):
        from_batch(torch.full((1, 3, 16, 16), torch.nan), np.zeros((16, 16), np.uint8))
