"""Rivals for one place in the trained network: each begins with random weights there, all else with the trained ones.

What cannot be taken out (``lesions``) can be learnt again, or something else in its place. Everybody has the same
trained neighbours, so a few hundred steps go a long way.
"""

from dataclasses import dataclass

from lmfn_core.evidence.effects import Effect, compare, scored
from lmfn_core.evidence.runs import Record, Records, named

RIVALS = {
    "fusion": {
        "lmfn": "ALFM and ACFM",
        "lmfn-without-attention": "concatenation",
        "lmfn-global-pooling": "global average pooling",
        "lmfn-spatial-attention": "spatial attention",
    },
    "blocks": {"lmfn": "RFDB", "lmfn-without-distillation": "residual blocks"},
    "encoder": {"lmfn": "MSHF", "lmfn-without-mshf": "strided convolutions"},
}
"""For each part of the network those that compete for its place, by the network that has them; the paper's first."""


@dataclass(frozen=True)
class Rival:
    """One of those that learnt in a place, by PSNR on RGB above the blurred input.

    >>> Rival("blocks", "lmfn", "RFDB", (), None).effect is None
    True
    """

    place: str
    network: str
    what: str
    runs: tuple[Record, ...]  # one a seed
    effect: Effect | None  # less the paper's in the same place; None for that one


def rivals(records: Records) -> list[Rival]:
    """Those of ``RIVALS`` that were run, in its order.

    >>> rivals({})
    []
    """
    found = []
    for place, competing in RIVALS.items():
        runs = {network: scored(named(records, f"anew-{place}-{network}")) for network in competing}
        for network, own in runs.items():
            if own:
                effect = None if network == "lmfn" else compare(own, runs["lmfn"])
                found.append(Rival(place, network, competing[network], tuple(own), effect))
    return found
