"""Effect or noise: what the difference between two networks' scores can say, and when it says nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import torch

from lmfn_core.evidence import Record, Records, look_up, runs_of
from lmfn_core.ledger import Ledger

RETRAININGS = 0.24
"""dB between the best and the worst of six retrainings of one published network (MIMO-UNet, by its users; decision
16). The only yardstick for a network that was trained once."""
T95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's t for 95 % at 1, 2, ... 10 degrees of freedom; from there on the last one, which is a little too wide."""
EFFECT, CANNOT_TELL = "more than noise", "cannot tell"
CONDITIONS = {  # what two runs must share before their scores are compared: field of the record, name in a sentence
    "tier": "tier", "data": "data", "steps": "steps", "parameters.batch": "batch", "parameters.crop": "crop",
    "parameters.recipe": "recipe", "parameters.image_skip": "image skip", "parameters.precision": "precision",
}  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """How far a network's gain lies from a reference's, and whether that is more than noise.

    >>> Effect(-0.5, None, 1, EFFECT, "").difference
    -0.5
    """

    difference: float  # dB, network less reference, mean over seeds and images
    interval: tuple[float, float] | None  # 95 % of it over held-out photographs; None where none are stated
    seeds: int  # trainings of the network
    verdict: str  # EFFECT or CANNOT_TELL
    reason: str  # one clause


@dataclass(frozen=True)
class Variant:
    """One row of Tables 3 and 4: what is printed, and what the records state.

    >>> Variant("full", "lmfn", 1.25, 1.248, 0.0, None).label
    'full'
    """

    label: str  # the row's heading
    network: str  # its name in ``networks()``
    printed_size: float  # M
    size: float | None  # M, counted as published
    printed_difference: float  # dB on GoPro, row less full
    effect: Effect | None  # ours, against the full network; None for itself, and where either was not trained


def gains(record: Record) -> dict[str, float]:
    """Image name to gain, PSNR on RGB above the blurred input in dB; empty when the record states none.

    >>> gains({"metrics": {"images": [{"name": "a", "blurred": {"psnr_rgb": 25.0}, "restored": {"psnr_rgb": 25.5}}]}})
    {'a': 0.5}
    """
    stated, images = (look_up(record, f"metrics.{key}") for key in ("gains", "images"))
    if isinstance(stated, Mapping):
        return dict(stated)
    if not isinstance(images, list | tuple):
        return {}
    return {image["name"]: image["restored"]["psnr_rgb"] - image["blurred"]["psnr_rgb"] for image in images}


def mean_gains(runs: Sequence[Record]) -> dict[str, float]:
    """Image name to gain in dB, averaged over the runs (the seeds), for the images that all of them scored.

    >>> mean_gains([{"metrics": {"gains": {"a": 0.25, "b": 0.5}}}, {"metrics": {"gains": {"a": 0.75}}}])
    {'a': 0.5}
    """
    scored = [gains(record) for record in runs]
    shared = set.intersection(*map(set, scored)) if scored else set()
    return {name: mean(one[name] for one in scored) for name in sorted(shared)}


def photograph(name: str) -> str:
    """What a pair was made from: its photograph, where one gives several blurs, or its sequence (a folder).

    >>> photograph("coffee-3"), photograph("GOPR0384_11_00/000001.png"), photograph("cat.png")
    ('coffee', 'GOPR0384_11_00', 'cat.png')
    """
    without_draw = re.sub(r"-\d+$", "", name)
    return without_draw if without_draw != name else name.rpartition("/")[0] or name


def interval(differences: Mapping[str, float], draws: int = 2000, seed: int = 0) -> tuple[float, float] | None:
    """95 % bootstrap interval of the mean of paired differences; whole photographs are drawn, with all their blurs.

    Args:
        differences: image name to difference. draws: resamples. seed: of the resampling.

    Returns:
        The 2.5 and 97.5 percentiles, or None for fewer than two photographs.

    >>> interval({"a-1": 0.5, "a-2": 0.5, "b-1": 0.5})
    (0.5, 0.5)
    """
    groups: dict[str, list[float]] = {}
    for name in sorted(differences):
        groups.setdefault(photograph(name), []).append(differences[name])
    if len(groups) < 2:
        return None
    sums = torch.tensor([sum(group) for group in groups.values()], dtype=torch.float64)
    sizes = torch.tensor([len(group) for group in groups.values()], dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(groups), (draws, len(groups)), generator=generator)
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = means.quantile(means.new_tensor([0.025, 0.975])).tolist()
    return low, high


def compare(runs: Sequence[Record], reference: Sequence[Record], varied: Sequence[str] = ()) -> Effect | None:
    """The gains of one network's runs against another's, or None when either has none.

    With several seeds on both sides the difference must exceed Student's t times its standard error over seeds, and
    the interval over photographs must leave out zero. Trained once, it must exceed ``RETRAININGS``. Runs that differ
    in one of ``CONDITIONS`` tell nothing, unless it is the one that is ``varied`` on purpose.

    >>> one = {"metrics": {"gain_psnr_rgb": 0.5}}
    >>> compare([one], [one]).verdict
    'cannot tell'
    """
    ours, theirs = ([look_up(r, "metrics.gain_psnr_rgb") for r in side] for side in (runs, reference))
    ours, theirs = ([gain for gain in side if gain is not None] for side in (ours, theirs))
    if not ours or not theirs:
        return None
    difference = mean(ours) - mean(theirs)
    over_images = interval(_paired(runs, reference))
    unlike = _unlike(runs, reference, varied)
    verdict, reason = (CANNOT_TELL, unlike) if unlike else _judge(difference, over_images, ours, theirs)
    return Effect(difference, over_images, len(ours), verdict, reason)


def variants(ledger: Ledger, records: Records) -> list[Variant]:
    """The rows of Tables 3 and 4, the full network first; N = 4 is the full network and stands once.

    >>> variants(Ledger((), (), {}, {}), {})
    []
    """
    cells = {(c.place, c.row, c.quantity): c for c in [*ledger.at("Table 3"), *ledger.at("Table 4")]}
    rows = dict.fromkeys((place, row) for place, row, _ in cells if row != "4")
    order = sorted(rows, key=lambda key: key[1] != "full")
    full = cells.get(("Table 3", "full", "psnr"))
    found = []
    for place, row in order:
        size, psnr = cells[place, row, "parameters"], cells[place, row, "psnr"]
        count = look_up(records.get("assembling", {}), f"metrics.networks.{size.subject}.parameters_published")
        itself = size.subject == full.subject
        effect = None if itself else compare(runs_of(records, size.subject), runs_of(records, full.subject))
        label = row if place == "Table 3" else f"N = {row}"
        printed = round(psnr.value - full.value, max(psnr.digits, full.digits))
        found.append(Variant(label, size.subject, size.value, count and count / 1e6, printed, effect))
    return found


def _paired(runs: Sequence[Record], reference: Sequence[Record]) -> dict[str, float]:
    """Image to difference, for the images that every run of both sides scored."""
    left, right = mean_gains(runs), mean_gains(reference)
    return {name: left[name] - right[name] for name in left if name in right}


def _unlike(runs: Sequence[Record], reference: Sequence[Record], varied: Sequence[str]) -> str | None:
    """The first condition that is not one and the same on both sides, as a clause."""
    for path, name in CONDITIONS.items():
        sides = [sorted({str(look_up(record, path)) for record in side}) for side in (runs, reference)]
        if path not in varied and (sides[0] != sides[1] or len(sides[0]) > 1):
            return f"trained or tested differently: {name} {', '.join(sides[0])} against {', '.join(sides[1])}"
    return None


def _judge(
    difference: float, over_images: tuple[float, float] | None, ours: Sequence[float], theirs: Sequence[float]
) -> tuple[str, str]:
    if min(len(ours), len(theirs)) < 2:
        low, high = over_images or (difference, difference)
        if low > RETRAININGS or high < -RETRAININGS:
            return EFFECT, f"one seed, but clear of the {RETRAININGS} dB that retrainings of one network lie apart"
        return CANNOT_TELL, f"one seed, and not clear of the {RETRAININGS} dB that retrainings of one network lie apart"
    error = (stdev(ours) ** 2 / len(ours) + stdev(theirs) ** 2 / len(theirs)) ** 0.5
    freedom = min(len(ours) + len(theirs) - 2, len(T95))
    if abs(difference) <= T95[freedom - 1] * error:
        return CANNOT_TELL, f"within the spread of the seeds, ±{T95[freedom - 1] * error:.2f} dB"
    if over_images and over_images[0] <= 0 <= over_images[1]:
        return CANNOT_TELL, "beyond the spread of the seeds, but not the same on every photograph"
    return EFFECT, f"beyond the spread of the seeds, ±{T95[freedom - 1] * error:.2f} dB"
