"""What a critical reading of the paper proposes as first experiments, what it expects of them, and what came out.

The review is of the paper's text, not of anything here; its numbers are expectations, taken from the paper's Table 3.
"""

from dataclasses import dataclass

from lmfn_core.evidence.effects import compare, includes
from lmfn_core.evidence.orderings import CONTRADICTED, HOLDS, verdict
from lmfn_core.evidence.runs import Records, look_up, runs_of

NOT_ATTEMPTED = "not attempted here"
GOPRO_TAKES = (
    "It would take 100 training pairs of GoPro beside its test pairs: "
    "`make reproduce TIER=bench ONLY=evaluation DATA=/path/to/them`, best with a GPU."
)


@dataclass(frozen=True)
class Experiment:
    """One proposed experiment with its outcome.

    >>> experiments({})[1].expected
    'about -0.7 dB'
    """

    proposed: str  # in our words
    expected: str
    found: str | None  # None where nothing was run
    verdict: str  # of the direction: "holds", "contradicted", "within the noise", ...
    size: bool | None  # whether the expected size lies within our intervals; None where there are none
    because: str  # one clause


def experiments(records: Records) -> list[Experiment]:
    """The three of them, in the review's order.

    >>> [experiment.verdict for experiment in experiments({})]
    ['not attempted here', 'not run here', 'not run here']
    """
    return [
        _sanity(records),
        _fall(records, "MSHF replaced by strided convolutions and 2 residual blocks", "lmfn-without-mshf", -0.7),
        _fall(records, "ALFM and ACFM replaced by plain concatenation", "lmfn-without-attention", -0.5),
    ]


def _sanity(records: Records) -> Experiment:
    proposed, least = "LMFN trained on 100 images of GoPro", 30.0
    record = records.get("evaluation", {})
    psnr = look_up(record, "metrics.restored.psnr_rgb")
    if psnr is None or "gopro" not in str(record.get("data")).lower():
        return Experiment(proposed, f"above {least:.0f} dB", None, NOT_ATTEMPTED, None, GOPRO_TAKES)
    said = HOLDS if psnr > least else CONTRADICTED
    return Experiment(proposed, f"above {least:.0f} dB", f"{psnr:.2f} dB", said, None, str(record["data"]))


def _fall(records: Records, proposed: str, network: str, expected: float) -> Experiment:
    without, full = runs_of(records, network), runs_of(records, "lmfn")
    effect, fallen = compare(without, full), compare(full, without)
    found = effect and f"{effect.difference:+.3f} dB"
    because = effect.reason if effect else "one of the two was not trained"
    size = effect and includes(effect, expected)
    return Experiment(proposed, f"about {expected:+.1f} dB", found, verdict(fallen), size, because)
