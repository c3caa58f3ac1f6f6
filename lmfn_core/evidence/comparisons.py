"""What else was asked of the same network: pairs of trainings that differ in one thing, and what each pair says.

Beside the paper's own ablations: the scale of ALFM's energies, other encoders and attentions, a modern network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lmfn_core.evidence.effects import Effect, compare
from lmfn_core.evidence.orderings import CONTRADICTED, HOLDS, verdict
from lmfn_core.evidence.runs import Record, Records, look_up, runs_of

BETTER, WORSE = "better", "worse"
COSTS = {  # heading: path in a record, with {} for the network; each is divided by the network it is compared with
    "parameters": "metrics.networks.{}.parameters",
    "MAC": "metrics.networks.{}.macs_720p",
    "time": "metrics.networks.{}.ratio",
}
"""Parameters and multiply-accumulates (1280 x 720) stand in the record ``assembling``, times in ``profiling``."""


@dataclass(frozen=True)
class Question:
    """One pair of networks, and what their difference answers.

    >>> QUESTIONS[0].network
    'lmfn-alfm-positions'
    """

    about: str  # the group of questions
    asked: str  # the network in words
    network: str  # its name in ``networks()``
    against_words: str
    against: str


QUESTIONS = (
    Question("ALFM", "energies divided by W·H", "lmfn-alfm-positions", "as the paper writes it", "lmfn"),
    Question("ALFM", "cosines, learnt temperature", "lmfn-alfm-cosine", "as the paper writes it", "lmfn"),
    Question("ALFM", "as the paper writes it", "lmfn", "no ALFM", "lmfn-without-alfm"),
    Question("ALFM", "energies divided by W·H", "lmfn-alfm-positions", "no ALFM", "lmfn-without-alfm"),
    Question("ALFM", "cosines, learnt temperature", "lmfn-alfm-cosine", "no ALFM", "lmfn-without-alfm"),
    Question("encoder", "ASPP", "lmfn-aspp", "MSHF", "lmfn"),
    Question("encoder", "pyramid pooling", "lmfn-pyramid-pooling", "MSHF", "lmfn"),
    Question("attention", "global average pooling", "lmfn-global-pooling", "ALFM and ACFM", "lmfn"),
    Question("attention", "spatial attention", "lmfn-spatial-attention", "ALFM and ACFM", "lmfn"),
    Question("attention", "global average pooling", "lmfn-global-pooling", "none", "lmfn-without-attention"),
    Question("attention", "spatial attention", "lmfn-spatial-attention", "none", "lmfn-without-attention"),
    Question("network", "NAFNet of equal size", "nafnet-small", "LMFN", "lmfn"),
)
"""In the order of the table; every network but LMFN's own rows of Tables 3 and 4 stands here."""


@dataclass(frozen=True)
class Answer:
    """A question, what the trainings say, and what the network costs beside the other.

    >>> Answer(QUESTIONS[0], None, {}).verdict
    'not run here'
    """

    question: Question
    effect: Effect | None  # dB, the network less the one it is compared with; None where either was not trained
    costs: dict[str, float | None]  # heading of ``COSTS`` to ratio; None where no record states it

    @property
    def verdict(self) -> str:
        """BETTER, WORSE, "within the noise", "not comparable" or "not run here"."""
        said = verdict(self.effect)
        return {HOLDS: BETTER, CONTRADICTED: WORSE}.get(said, said)


def answers(records: Records) -> list[Answer]:
    """One answer per question, in their order; nothing is left out because it came out badly.

    >>> [answer.verdict for answer in answers({})][:2]
    ['not run here', 'not run here']
    """
    found = []
    for question in QUESTIONS:
        runs, reference = (runs_of(records, name) for name in (question.network, question.against))
        costs = {title: _ratio(records, path, question) for title, path in COSTS.items()}
        found.append(Answer(question, compare(runs, reference), costs))
    return found


def trained(records: Records) -> list[Record]:
    """Every training that an answer rests on.

    >>> trained({})
    []
    """
    names = dict.fromkeys(name for question in QUESTIONS for name in (question.network, question.against))
    return [record for name in names for record in runs_of(records, name)]


def _ratio(records: Records, path: str, question: Question) -> float | None:
    values = [_stated(records, path.format(name)) for name in (question.network, question.against)]
    return None if None in values else values[0] / values[1]


def _stated(records: Records, path: str) -> float | None:
    found: Sequence[object] = [look_up(records.get(run, {}), path) for run in ("assembling", "profiling")]
    return next((value for value in found if value is not None), None)
