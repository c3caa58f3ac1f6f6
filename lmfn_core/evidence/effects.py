"""Effect or noise: what the difference between two networks' scores can say, and when it says nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import torch

from lmfn_core.evidence.runs import Record, look_up

RETRAININGS = 0.24
"""dB between the best and the worst of six retrainings of one published network (MIMO-UNet, by its users; decision
16). The only yardstick for a network that was trained once."""
T95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's t for 95 % at 1, 2, ... 10 degrees of freedom; from there on the last one, which is a little too wide."""
EFFECT, CANNOT_TELL, UNLIKE = "more than noise", "cannot tell", "not comparable"
CONDITIONS = {  # what two runs must share before their scores are compared: field of the record, name in a sentence
    "tier": "tier", "data": "data", "steps": "steps", "parameters.batch": "batch", "parameters.crop": "crop",
    "parameters.recipe": "recipe", "parameters.image_skip": "image skip", "parameters.precision": "precision",
}  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """How far a network's gain lies from a reference's, and whether that is more than noise.

    >>> Effect(-0.5, None, None, 1, EFFECT, "").difference
    -0.5
    """

    difference: float  # dB, network less reference, mean over seeds and images
    interval: tuple[float, float] | None  # 95 % of it over held-out photographs; None where none are stated
    over_seeds: tuple[float, float] | None  # 95 % of it over seeds; None for one
    seeds: int  # trainings of the network that the reference has a partner for
    verdict: str  # EFFECT, CANNOT_TELL, or UNLIKE where the two were not trained alike
    reason: str  # one clause


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

    Runs of one seed saw the same crops in the same order, so they are compared pair by pair, and a seed that only one
    side has counts for nothing. With several seeds both 95 % intervals of the difference, Student's over the seeds and
    the bootstrap's over photographs, must leave out zero. Trained once, it must exceed ``RETRAININGS``. Runs that
    differ in one of ``CONDITIONS`` tell nothing, unless it is the one that is ``varied`` on purpose.

    >>> one = {"metrics": {"gain_psnr_rgb": 0.5}}
    >>> compare([one], [one]).verdict
    'cannot tell'
    """
    by_seed = [{record.get("seed"): record for record in scored(side)} for side in (runs, reference)]
    seeds = [seed for seed in by_seed[0] if seed in by_seed[1]]
    if not all(by_seed):
        return None
    ours, theirs = ([side[seed] for seed in seeds or side] for side in by_seed)
    over_images = interval(_paired(ours, theirs))
    unlike = _unlike(ours, theirs, varied) or ("" if seeds else "no seed that both were trained with")
    if unlike:
        return Effect(_gain(ours) - _gain(theirs), over_images, None, len(ours), UNLIKE, unlike)
    over_seeds = _student([_gain([a]) - _gain([b]) for a, b in zip(ours, theirs, strict=True)])
    difference = _gain(ours) - _gain(theirs)
    return Effect(difference, over_images, over_seeds, len(ours), *_judge(difference, over_images, over_seeds))


def includes(effect: Effect, value: float) -> bool | None:
    """Whether a value in dB lies within the wider of both intervals; None where there is neither.

    >>> includes(Effect(-0.5, (-0.6, -0.4), None, 1, EFFECT, ""), -0.7)
    False
    """
    ends = [end for ends in (effect.interval, effect.over_seeds) if ends for end in ends]
    return min(ends) <= value <= max(ends) if ends else None


def scored(runs: Sequence[Record]) -> list[Record]:
    """Those of the runs that state a gain.

    >>> scored([{"metrics": {"gain_psnr_rgb": 0.5}}, {"metrics": {}}])
    [{'metrics': {'gain_psnr_rgb': 0.5}}]
    """
    return [record for record in runs if look_up(record, "metrics.gain_psnr_rgb") is not None]


def _gain(runs: Sequence[Record]) -> float:
    return mean(look_up(record, "metrics.gain_psnr_rgb") for record in runs)


def _student(differences: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the mean of paired differences, one a seed; None for a single one."""
    if len(differences) < 2:
        return None
    half = T95[min(len(differences) - 1, len(T95)) - 1] * stdev(differences) / len(differences) ** 0.5
    return mean(differences) - half, mean(differences) + half


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
    difference: float, over_images: tuple[float, float] | None, over_seeds: tuple[float, float] | None
) -> tuple[str, str]:
    if over_seeds is None:
        low, high = over_images or (difference, difference)
        if low > RETRAININGS or high < -RETRAININGS:
            return EFFECT, f"one seed, but clear of the {RETRAININGS} dB that retrainings of one network lie apart"
        return CANNOT_TELL, f"one seed, and not clear of the {RETRAININGS} dB that retrainings of one network lie apart"
    half = (over_seeds[1] - over_seeds[0]) / 2
    if over_seeds[0] <= 0 <= over_seeds[1]:
        return CANNOT_TELL, f"within the spread of the seeds, ±{half:.3f} dB"
    if over_images and over_images[0] <= 0 <= over_images[1]:
        return CANNOT_TELL, "beyond the spread of the seeds, but not the same on every photograph"
    return EFFECT, f"beyond the spread of the seeds, ±{half:.3f} dB"
