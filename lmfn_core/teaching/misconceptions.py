"""What students believe at first, how a lesson makes it break, and which checker answers when they act on it.

A test runs the typical mistakes of each named checker and demands that one of them gets the quoted hint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lmfn_core.teaching.course import Lesson


@dataclass(frozen=True)
class Misconception:
    """A belief that is wrong, for a teacher to expect."""

    number: str  # of the notebook
    belief: str
    show: str  # what to do in class so that it breaks
    checker: str  # the exercise that meets it
    hint: str  # words of the hint that answers it


MISCONCEPTIONS = tuple(
    Misconception(*row)
    for row in (
        (
            "01", "Averaging pixel values is what a shutter does.",
            "Average two frames of a lamp as file values and as light; compare the streaks.",
            "check_shutter", "averaged the file's values",
        ),
        (
            "01", "A PSNR without more words can be compared.",
            "Score one picture under every convention; ask which one the paper used.",
            "check_convention", "keep both",
        ),
        (
            "02", "A convolution divides the size exactly.",
            "Ask for the output of an odd size with stride 2, before running it.",
            "check_output_size", "round down",
        ),
        (
            "02", "A residual block ends with an activation.",
            "Stack ten that do: the sum can only grow.",
            "check_residual_block", "after the sum",
        ),
        (
            "03", "What is set aside is also refined on.",
            "Follow 50 channels through a split on the board: 12 stay, 38 go on.",
            "check_split", "hand on the rest, without",
        ),
        (
            "03", "Distillation is about the list of parts, in any order.",
            "Exchange two parts before the join: the shape is right, every number is wrong.",
            "check_rfdb", "joined in reverse",
        ),
        (
            "04", "What a network sees grows by the kernel with each layer.",
            "Count two 3x3 layers with stride 2 on paper, then by the gradient.",
            "check_window", "step to the next position",
        ),
        (
            "04", "Black borders are neutral padding.",
            "Restore a bright photograph padded with zeros and look at its edge.",
            "check_any_size", "black",
        ),
        (
            "05", "Attention always compares positions.",
            "Ask for the shape of m: channels by channels, whatever the image's size.",
            "check_alfm", "attend between positions",
        ),
        (
            "05", "A mask is added.",
            "Set the mask to 0: what is added leaves the features, what weighs removes them.",
            "check_acfm", "You added the mask",
        ),
        (
            "06", "Biases are too few to matter.",
            "Compare a count by hand with PyTorch's: equal or wrong, there is no nearly.",
            "check_convolution_parameters", "left out the biases",
        ),
        (
            "06", "One more block costs one block.",
            "Build N = 4 and N = 5, subtract: 2,500 more than an RFDB.",
            "check_lmfn_size", "widens the 1x1",
        ),
        (
            "06", "The same softmax fits every image size.",
            "Give ALFM a crop, then the photograph that it was cut from.",
            "check_steady_attention", "divide the energies",
        ),
        (
            "07", "Multiply-accumulates are FLOPs.",
            "Let two tools count the same layer; one says twice as much.",
            "check_convolution_macs", "counted FLOPs",
        ),
        (
            "07", "A GPU is done when the call returns.",
            "Time one call without waiting, then the same with: ask what was timed.",
            "check_stopwatch", "still busy",
        ),
        (
            "08", "A checkpoint is the weights.",
            "Resume from the weights alone and lay the loss curve over the unbroken one.",
            "check_resume", "starts as if new",
        ),
        (
            "08", "The sign of a gradient will sort itself out.",
            "Take one step of plain descent with it and print the loss.",
            "check_charbonnier_gradient", "sign is turned",
        ),
        (
            "09", "The PSNR of a set is that of its mean error.",
            "Score two images, one easy and one hard, both ways.",
            "check_psnr", "all images first",
        ),
        (
            "09", "Three blurs of one photograph are three photographs.",
            "Compute the error bar both ways and ask what a new photograph would do.",
            "check_standard_error", "not three photographs",
        ),
        (
            "10", "One run with a higher score shows an effect.",
            "Show two seeds of the same network that lie as far apart.",
            "check_verdict_on_seeds", "trained once",
        ),
        (
            "10", "A bootstrap may draw each network's images by itself.",
            "Draw both intervals for the same table; one hides what is plain to see.",
            "check_paired_interval", "both networks' scores",
        ),
        (
            "11", "Normalising all channels is normalising half of them.",
            "Count both: the difference shows in the size at once.",
            "check_fdnb_size", "Only the kept half",
        ),
        (
            "11", "What is 0 under a root is harmless.",
            "Ask for the gradient of a flat channel's deviation.",
            "check_contrast", "has no gradient",
        ),
        (
            "12", "Close is reproduced.",
            "Round our number to the printed digits: same text or not.",
            "check_verdict", "only the rounding counts",
        ),
        (
            "12", "What a record does not say will be as usual.",
            "Strike a line out of a record and ask whether it may stand in the table.",
            "check_admissible", "what is not stated is not met",
        ),
        (
            "A1", "The same seed gives the same numbers everywhere.",
            "Add three numbers in two orders.",
            "check_careful_sum", "first small number is lost",
        ),
        (
            "A1", "A tolerance is the mean of what was seen.",
            "Ask how many of the machines that were measured would fail it.",
            "check_tolerance", "That is from the mean",
        ),
    )
)  # fmt: skip
"""In the order of the course."""


def expected_in(lessons: Sequence[Lesson]) -> list[dict[str, str]]:
    """A row per misconception, for a table: of the lessons that are there, with the exercise that answers it.

    Raises:
        KeyError: when a lesson has no checker of the name.

    >>> expected_in([])
    []
    """
    rows = []
    for lesson in lessons:
        titles = {check.__name__: check.title for check in lesson.checkers}
        for one in MISCONCEPTIONS:
            if one.number == lesson.number:
                answered = f"{titles[one.checker]}: “… {one.hint} …”"
                where = f"[{lesson.number}]({lesson.stem}.ipynb)"
                rows.append({"in": where, "belief": one.belief, "show": one.show, "answered by": answered})
    return rows
