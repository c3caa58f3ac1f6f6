"""Seeded damage: bytes flipped, cut and spliced; JSON and YAML with hostile values in the place of theirs."""

import json
import math
import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

import yaml

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers at which counts, sizes and offsets break."""
TOKENS = (
    b"\0", b"\xff\xff\xff\xff", b"\xed\xa0\x80", b"{", b"}", b"[" * 3000, b"]", b'"', b"'", b":", b"- ", b"\n", b"\t",
    b"&a ", b"*a", b"<<: *a", b"!!python/object/apply:os.getcwd []", b"!!set ", b"!!binary x", b"%YAML 9.9\n", b"---\n",
    b"2020-13-45", b".nan", b"1e999", b"NaN", b"null", b"~", b"9" * 5000, b"../", b"{x.y}", b"\\ud800", b"\xe2\x80\xae",
)  # fmt: skip
VALUES = (
    None, True, False, -1, 0, 1, 2**31, 10**12, 10**30, 0.5, math.nan, math.inf, "", "x" * 3000, "\ud800", "a\nb", "é",
    [], {}, [[]], [None], {"": None}, "../../x", "/x", "{", "{0}", "{x.__class__}", "{seed:>99999999999}", '"""', "*",
    "__import__('os').getcwd()", "-" * 5000 + "1", "(" * 300, "a\0b", "~nobody", "\\", "${HOME}", ["a", {"b": []}],
)  # fmt: skip
"""What may stand in the place of any value of a text file."""


def damaged(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """The bytes after one to six accidents, some with a piece of another file.

    >>> damaged(b"whole", [b"other"], Random(0)) == damaged(b"whole", [b"other"], Random(0))
    True
    """
    if random.random() < 0.02:
        return random.randbytes(random.choice((0, 1, 16, 300)))
    content = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        random.choice(ACCIDENTS)(content, others, random)
    return bytes(content)


def _flip(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    if content:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)


def _number(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    layout = random.choice(("B", "<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    if len(content) >= size:
        at = random.randrange(min(len(content), random.choice((64, 1 << 20))) - size + 1) if len(content) > size else 0
        struct.pack_into(layout, content, at, random.choice(EDGES) & (1 << 8 * size) - 1)


def _cut(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    start = random.randrange(len(content) + 1)
    del content[start : random.choice((start + random.randrange(16), len(content)))]


def _double(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    start = random.randrange(len(content) + 1)
    content[start:start] = content[start : start + random.randrange(200)]


def _splice(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    other = random.choice(others)
    start, at = random.randrange(len(other) + 1), random.randrange(len(content) + 1)
    content[at : at + random.randrange(64)] = other[start : start + random.randrange(200)]


def _token(content: bytearray, others: Sequence[bytes], random: Random) -> None:
    at = random.randrange(len(content) + 1)
    content[at : at + random.choice((0, 0, 1, 5))] = random.choice(TOKENS)


ACCIDENTS: tuple[Callable[[bytearray, Sequence[bytes], Random], None], ...] = (
    _flip, _flip, _number, _number, _cut, _double, _splice, _token,
)  # fmt: skip


def replanted(tree: object, random: Random) -> object:
    """The tree with one to three of its values, or keys, replaced by hostile ones, or left out.

    >>> replanted({"a": 1}, Random(1)) == replanted({"a": 1}, Random(1))
    True
    """
    for _ in range(random.choice((1, 1, 2, 3))):
        tree = _replanted(tree, random)
    return tree


def _replanted(tree: object, random: Random) -> object:
    deeper = isinstance(tree, dict | list) and tree and random.random() < 0.85
    if not deeper:
        return random.choice(VALUES)
    key = random.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
    kind = random.random()
    if isinstance(tree, list):
        rest = [*tree[:key], *tree[key + 1 :]]
        return rest if kind < 0.1 else [*tree[:key], _replanted(tree[key], random), *tree[key + 1 :]]
    rest = {name: value for name, value in tree.items() if name != key}
    if kind < 0.1:
        return rest
    if kind < 0.2:
        return rest | {random.choice(("", "x", "__class__", "\ud800", "../x", "{0}", "*")): tree[key]}
    return tree | {key: _replanted(tree[key], random)}


def damaged_json(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A JSON file after accidents to its bytes, or to its tree."""
    if random.random() < 0.4:
        return damaged(data, others, random)
    return json.dumps(replanted(json.loads(data), random)).encode()


def damaged_yaml(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A YAML file after accidents to its bytes, or to its tree."""
    if random.random() < 0.4:
        return damaged(data, others, random)
    return yaml.safe_dump(replanted(yaml.safe_load(data), random)).encode("utf-8", "surrogatepass")


def damaged_png(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A PNG after accidents, its checksums true again in most cases, so that the damage gets past them."""
    content = bytearray(damaged(data, others, random))
    at = 8
    while random.random() < 0.95 and at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        if at + 12 + length <= len(content):
            struct.pack_into(">I", content, at + 8 + length, zlib.crc32(content[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(content)


def damaged_tar(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A tar file after accidents to its headers, with true checksums."""
    content = bytearray(damaged(data, others, random))
    for at in range(0, len(content) - 511, 512):
        if content[at + 257 : at + 262] == b"ustar":
            content[at + 148 : at + 156] = b" " * 8
            content[at + 148 : at + 156] = b"%06o\0 " % sum(content[at : at + 512])
    return bytes(content)


def damaged_tensors(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """A safetensors file after accidents to its bytes, its header or the card inside."""
    if random.random() < 0.4 or len(data) < 8:
        return damaged(data, others, random)
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + length])
    if random.random() < 0.7:
        damage = random.choice((damaged_json, damaged_json, damaged))
        card = damage(header["__metadata__"]["card"].encode(), others, random)
        header["__metadata__"]["card"] = card.decode("utf-8", "replace")
    else:
        header = replanted(header, random)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]
