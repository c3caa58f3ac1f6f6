"""The directories of tags in TIFF files and EXIF blocks, byte for byte: read, chosen from, written at another place.

Values are kept as bytes, whatever they mean, so that a camera maker's own notes and unusual types survive; only the
pointers between directories are renewed.
"""

import struct
from collections.abc import Iterable, Mapping

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of one value of each of TIFF's types."""
INNER = (34665, 34853, 40965)
"""Tags that point at a directory of their own: EXIF and GPS, and inside EXIF interoperability."""
DEEPEST = 3
"""Levels of directories that are followed; a damaged file may point in circles."""

Directory = Mapping[int, object]
"""Tag to (type, number of values, bytes), or to a directory."""


def byte_order(block: bytes) -> str:
    """``struct``'s sign for the order that a TIFF or EXIF block is written in.

    Raises:
        ValueError: when it is neither.

    >>> byte_order(b"MM\\0*")
    '>'
    """
    if block[:2] not in (b"II", b"MM"):
        raise ValueError(f"A TIFF or EXIF block begins with II or MM; got {block[:2]!r}.")
    return "<" if block[:2] == b"II" else ">"


def read_directory(block: bytes, at: int | None = None, level: int = 1) -> dict[int, object]:
    """The directory at ``at`` (None: the first) of a TIFF file, classic or BigTIFF, or of an EXIF block.

    Raises:
        ValueError: from ``byte_order``.
        struct.error: when it is cut short.

    >>> read_directory(exif_block({270: (2, 2, b"a\\0")}, "<"))
    {270: (2, 2, b'a\\x00')}
    """
    order = byte_order(block)
    big = block[2:4] in (b"+\0", b"\0+")
    number, layout = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    if at is None:
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), block, 8 if big else 4)
    (count,) = struct.unpack_from(order + number, block, at)
    first, step = at + struct.calcsize(order + number), struct.calcsize(order + layout)
    found = {}
    for entry in range(first, first + count * step, step):
        tag, kind, values, inline = struct.unpack_from(order + layout, block, entry)
        place = int.from_bytes(inline, "little" if order == "<" else "big")
        size = SIZES.get(kind, 0) * values
        if tag in INNER and values == 1:
            place = place if order == "<" or big or kind == 4 else place >> 16
            if level < DEEPEST:
                found[tag] = read_directory(block, place, level + 1)
        elif 0 < size <= len(inline):
            found[tag] = kind, values, inline[:size]
        elif size and place + size <= len(block):
            found[tag] = kind, values, block[place : place + size]
    return found


def write_directory(directory: Directory, place: int, order: str) -> bytes:
    """The bytes of a directory that will lie at ``place``, values and inner directories behind it.

    >>> len(write_directory({270: (2, 2, b"a\\0")}, 8, "<"))
    18
    """
    entries, behind = b"", b""
    end = place + 2 + 12 * len(directory) + 4
    for tag, entry in sorted(directory.items()):
        here = struct.pack(order + "I", end + len(behind))
        if isinstance(entry, Mapping):
            kind, values, content = 4, 1, write_directory(entry, end + len(behind), order)
        else:
            kind, values, content = entry
            here = here if len(content) > 4 else content.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, kind, values) + here
        if isinstance(entry, Mapping) or len(content) > 4:
            behind += content + b"\0" * (len(content) % 2)
    return struct.pack(order + "H", len(directory)) + entries + bytes(4) + behind


def exif_block(directory: Directory, order: str) -> bytes:
    """A directory as an EXIF block; empty for an empty one.

    >>> exif_block({}, "<")
    b''
    """
    if not directory:
        return b""
    return {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8) + write_directory(directory, 8, order)


def chosen(block: bytes, keep: Iterable[int] = (), leave: Iterable[int] = ()) -> dict[int, object]:
    """The first directory's tags in ``keep`` (or, where that is empty, all) that are not in ``leave``; none of a block
    that cannot be read.

    >>> chosen(b"nonsense")
    {}
    """
    keep, leave = frozenset(keep), frozenset(leave)
    try:
        found = read_directory(block)
    except (ValueError, struct.error):
        return {}
    return {tag: entry for tag, entry in found.items() if (not keep or tag in keep) and tag not in leave}
