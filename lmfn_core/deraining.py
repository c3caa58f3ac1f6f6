"""The table of deraining: scores by set of rainy images, on luma as its literature has them, and on RGB."""

from lmfn_core.evidence import Record, Records, look_up
from lmfn_core.rendering import Row, Table
from lmfn_core.watch import set_of

RUN = "evaluation-derain"
"""The run whose record the table shows."""
SETS = {
    "light": "held-out photographs, light rain",
    "heavy": "held-out photographs, heavy rain",
    "rain100l": "Rain100L",
    "rain100h": "Rain100H",
}
"""Titles of the sets by the first word of an image's name, ``<set>/<image>``."""
_COLUMNS = (("PSNR luma (dB)", "psnr_luma", 2), ("SSIM luma", "ssim_luma", 3),
            ("PSNR RGB (dB)", "psnr_rgb", 2), ("SSIM per channel", "ssim_per_channel", 3))  # fmt: skip


def deraining(records: Records) -> Table:
    """Rainy and restored images of each set, means over its images.

    >>> deraining({}).rows
    []
    """
    record = records.get(RUN, {})
    images = look_up(record, "metrics.images") or []
    names = dict.fromkeys(set_of(image["name"]) for image in images)
    rows = [_row(name, [image for image in images if set_of(image["name"]) == name]) for name in names]
    return Table(rows, _caption(record))


def _row(name: str, images: list) -> Row:
    row: Row = {"images": SETS.get(name, name), "pairs": len(images)}
    for title, key, digits in _COLUMNS:
        rainy, restored = (sum(image[kind][key] for image in images) / len(images) for kind in ("blurred", "restored"))
        row[title] = f"{rainy:.{digits}f} to {restored:.{digits}f}"
    return row


def _caption(record: Record) -> str:
    if not record:
        return "Deraining: no record yet; `make reproduce TASK=derain` makes one."
    network, steps = (look_up(record, f"metrics.{key}") for key in ("network", "steps"))
    return (
        f"Deraining, rainy input to restored output: means over the images at full resolution, float32, output rounded "
        f"to 8 bits. Luma is Y of MATLAB's rgb2ycbcr, 16 to 235. Tier {record.get('tier')}; {network} after {steps:,} "
        f"steps, seed {record.get('seed')}; {record.get('data')}."
    )
