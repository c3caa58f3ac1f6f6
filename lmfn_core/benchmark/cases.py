"""The benchmark's cases, "640x360" or "640x360 b8", and its ways in an order for tables and figures."""

import re

from lmfn_core.benchmark.ways import WAYS


def in_order(found: dict) -> dict:
    """A file sorts its keys by letter; here ways stand as in ``WAYS``, sizes from small to large.

    >>> list(in_order({"1280x720": 0, "256x256": 0, "at rest": 0}))
    ['at rest', '256x256', '1280x720']
    """
    order = ["at rest", *WAYS]

    def place(key: str) -> tuple[int, float]:
        if re.match(r"\d+x\d+", key):
            return len(order), megapixels(key)
        return (order.index(key) if key in order else len(order)), 0

    return {key: in_order(v) if isinstance(v := found[key], dict) else v for key in sorted(found, key=place)}


def megapixels(case: str) -> float:
    """Of a case such as "640x360", or "640x360 b8": eight images per call.

    >>> megapixels("1000x500 b2")
    1.0
    """
    size, _, batch = case.partition(" b")
    width, height = map(int, size.split("x"))
    return width * height * int(batch or 1) / 1e6
