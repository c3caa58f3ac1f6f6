"""Directories of tags, byte for byte: classic and BigTIFF, either byte order, damaged ones."""

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from lmfn_core.files.directories import INNER, SIZES, chosen, exif_block, read_directory, write_directory

ENTRIES = st.sampled_from(sorted(SIZES)).flatmap(
    lambda kind: st.integers(1, 9).flatmap(
        lambda values: st.tuples(
            st.just(kind), st.just(values), st.binary(min_size=SIZES[kind] * values, max_size=SIZES[kind] * values)
        )
    )
)
FLAT = st.dictionaries(st.integers(0, 65535).filter(lambda tag: tag not in INNER), ENTRIES, min_size=1, max_size=6)


@given(flat=FLAT, exif=FLAT, interoperability=FLAT, order=st.sampled_from("<>"))
def test_written_and_read_again_they_are_the_same(flat, exif, interoperability, order):
    whole = flat | {34665: exif | {40965: interoperability}}
    assert read_directory(exif_block(whole, order)) == whole


@given(flat=FLAT, place=st.integers(8, 1000), order=st.sampled_from("<>"))
def test_at_another_place_they_are_the_same(flat, place, order):
    block = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", place) + bytes(place - 8)
    assert read_directory(block + write_directory(flat, place, order)) == flat


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_file_is_read_as_tifffile_reads_it(order, big):
    content = io.BytesIO()
    tifffile.imwrite(
        content, np.zeros((20, 30), np.uint16), byteorder=order, bigtiff=big, description="described", metadata=None
    )
    found = read_directory(content.getvalue())
    assert found[270][2].rstrip(b"\0") == b"described" and found[256][2][-2 if order == ">" else 0 :][:1] in (
        b"\0",
        b"\x1e",
    )


@given(block=st.binary(max_size=60))
def test_nonsense_is_an_empty_directory_or_a_small_one(block):
    assert isinstance(chosen(block), dict) and isinstance(chosen(b"II*\0" + block), dict)


def test_circles_end():
    block = bytearray(exif_block({34665: {1: (2, 2, b"a\0")}}, "<"))
    struct.pack_into("<I", block, 18, 8)  # EXIF points at the directory that it stands in
    assert set(read_directory(bytes(block))) == {34665}


def test_a_value_that_points_outside_is_left_out():
    block = bytearray(exif_block({270: (2, 9, b"described"), 271: (2, 2, b"a\0")}, "<"))
    struct.pack_into("<I", block, 18, 10**6)
    assert read_directory(bytes(block)) == {271: (2, 2, b"a\0")}
