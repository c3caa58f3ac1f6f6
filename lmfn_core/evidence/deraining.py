"""The table of deraining: scores by set of rainy images, on luma as its literature has them, and on RGB."""

from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Record, Records, look_up
from lmfn_core.evidence.weights_tables import SETS
from lmfn_core.training.watch import set_of

RUNS = {"evaluation-derain": "trained in this tier", "shipped-derain": "the package's weights"}
"""The runs whose records the table shows, and what their network is."""
_COLUMNS = (("PSNR luma (dB)", "psnr_luma", 2), ("SSIM luma", "ssim_luma", 3),
            ("PSNR RGB (dB)", "psnr_rgb", 2), ("SSIM per channel", "ssim_per_channel", 3))  # fmt: skip


def deraining(records: Records) -> Table:
    """Rainy and restored images of each set, means over its images, for each network that was scored.

    >>> deraining({}).rows
    []
    """
    found = {run: records[run] for run in RUNS if run in records}
    return Table([row for run, record in found.items() for row in _rows(run, record)], _caption(list(found.values())))


def _rows(run: str, record: Record) -> list[Row]:
    images = look_up(record, "metrics.images") or []
    names = dict.fromkeys(set_of(image["name"]) for image in images)
    network = f"{look_up(record, 'metrics.network')}, {RUNS[run]}, {look_up(record, 'metrics.steps'):,} steps"
    return [_row(network, name, [image for image in images if set_of(image["name"]) == name]) for name in names]


def _row(network: str, name: str, images: list) -> Row:
    row: Row = {"network": network, "images": SETS.get(name, name), "pairs": len(images)}
    for title, key, digits in _COLUMNS:
        rainy, restored = (sum(image[kind][key] for image in images) / len(images) for kind in ("blurred", "restored"))
        row[title] = f"{rainy:.{digits}f} to {restored:.{digits}f}"
    return row


def _caption(records: list[Record]) -> str:
    if not records:
        return "Deraining: no record yet; `make reproduce TASK=derain` makes one."
    first = records[0]
    return (
        f"Deraining, rainy input to restored output: means over the images at full resolution, float32, output rounded "
        f"to 8 bits. Luma is Y of MATLAB's rgb2ycbcr, 16 to 235. Tier {first.get('tier')}, seed {first.get('seed')}; "
        f"{first.get('data')}."
    )
