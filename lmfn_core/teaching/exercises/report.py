"""Checkers of notebook 12: judge a number by its printed digits, find a contradiction, keep short runs out of a row."""

from collections.abc import Callable, Mapping

from lmfn_core.evidence.claims import NOT_ATTEMPTED, NOT_REPRODUCED, REPRODUCED, WITHIN_TOLERANCE
from lmfn_core.teaching.lesson import exercise, expect

WORDS = (REPRODUCED, WITHIN_TOLERANCE, NOT_REPRODUCED, NOT_ATTEMPTED)


@exercise("Judge a number by its printed digits", difficulty=2, minutes=15)
def check_verdict(answer: Callable[[str, float | None, float], str]) -> None:
    """``answer(printed, ours, tolerance)``: "reproduced" when ours rounds to what is printed, else "within tolerance"
    when it is that near, else "not reproduced"; "not attempted here" when ours is None."""
    said = answer("1.25", 1.2521, 0.0)
    expect(said in WORDS, f"The verdicts are {', '.join(WORDS)}; got {said!r}.")
    expect(said == REPRODUCED, "1.2521 would be printed as 1.25: compare after rounding to the digits in print.")
    expect(answer("1.25", 1.247707, 0.0) == REPRODUCED, "1.247707 rounds to 1.25; you cut its digits off instead.")
    expect(answer("1.25", 1.2449, 0.0) == NOT_REPRODUCED, "1.2449 is printed as 1.24, however near 1.25 it is: with a "
                                                          "tolerance of 0 only the rounding counts.")  # fmt: skip
    expect(answer("1.8", 1.7702, 0.0) == REPRODUCED, "1.8 has one digit, so 1.7702 is 1.8: count the digits in print.")
    expect(answer("1.20", 1.2377, 0.0) == NOT_REPRODUCED, "1.20 promises two digits, and 1.2377 has 1.24: count them "
                                                          "in the text, a float forgets the last zero.")  # fmt: skip
    expect(answer("1,200", 1199.8, 0.0) == REPRODUCED, "1,200 has a comma for the thousands, and no decimals.")
    expect(answer("31.54", 31.541, 0.1) == REPRODUCED, "31.541 is 31.54 to the digit: ask for the rounding first, then "
                                                       "for the tolerance.")  # fmt: skip
    expect(answer("31.54", 31.46, 0.1) == WITHIN_TOLERANCE, "31.46 lies within 0.1 of 31.54, on the other side: take "
                                                            "the absolute difference.")  # fmt: skip
    better = answer("31.54", 32.5, 0.1)
    expect(better != REPRODUCED, "A better score is another score: reproducing means to meet the number, not beat it.")
    expect(better == NOT_REPRODUCED, "32.5 is 0.96 dB away: the tolerance is in the claim's unit, no share of it.")
    expect(answer("31.54", None, 0.1) != NOT_REPRODUCED, "Nothing was measured, so nothing was refuted: say so.")
    expect(answer("31.54", None, 0.1) == NOT_ATTEMPTED, "For None the verdict is 'not attempted here'.")


@exercise("Find the contradiction", difficulty=3, minutes=15)
def check_contradiction(answer: Callable[[str, str, str], bool]) -> None:
    """``answer(said, first, second)``: True when ``first - second`` cannot be ``said``, however the three were rounded.

    All three are strings as printed; each may be off by half a unit of its last digit.
    """
    got = answer("0.74", "31.54", "30.8")
    expect(isinstance(got, bool), f"Answer True or False; got {got!r}.")
    expect(not got, "31.54 - 30.8 is 0.74 on paper, only not in binary: never compare floats for equality.")
    expect(not answer("0.50", "1.8", "1.25"), "1.8 may be anything from 1.75 to 1.85: the two numbers that are "
                                              "subtracted are rounded as well.")  # fmt: skip
    expect(not answer("0.495", "1.8", "1.25"), "All three can be off at once and in the worst direction: add the "
                                               "three halves, 0.0005 + 0.05 + 0.005.")  # fmt: skip
    expect(answer("0.45", "1.8", "1.25"), "0.55 is said to be 0.45, and rounding explains 0.06 of it: each is off by "
                                          "half a unit of its last digit, not by a whole one.")  # fmt: skip
    expect(answer("0.70", "1.8", "1.25"), "0.55 said as 0.70 is wrong as well: the difference may be off both ways.")
    expect(not answer("0.5", "1.80", "1.25"), "0.5 may stand for 0.55: what is said is rounded too, to its own digits.")
    expect(not answer("15", "31.5", "16.0"), "15 may stand for 15.5: without a point the last digit is the unit.")


RULES = {"tier": "paper", "recipe": "paper", "image_skip": False, "steps": 500_000, "images": 1111}
RUN = {"tier": "paper", "recipe": "paper", "image_skip": False, "steps": 1_000_000, "images": 1111}


@exercise("Keep short runs out of the paper's rows", difficulty=2, minutes=10)
def check_admissible(answer: Callable[[Mapping[str, object], Mapping[str, object]], bool]) -> None:
    """``answer(run, rules)``: whether a run's score may stand for the paper's: at least ``rules["steps"]`` steps, and
    everything else as the rules say. A run that does not state a condition does not meet it."""
    expect(answer(RUN, RULES), "A run of the paper's tier with twice the steps, all 1111 pairs and no skip may stand.")
    expect(answer(RUN | {"steps": 500_000}, RULES), "Exactly 500,000 steps are enough: at least, not more than.")
    for field, value, hint in (
        ("tier", "smoke", "A run of seconds came through: the tier must be the rules'."),
        ("steps", 499_999, "One step is missing to 500,000, and the run came through."),
        ("recipe", "modern", "Trained by another recipe, it answers another question."),
        ("image_skip", True, "With an image skip it is another network than the published one."),
        ("images", 1110, "One test pair was left out: the mean over fewer images is another number."),
        ("images", 2103, "More images are not better: 2103 is another set than the 1111 test pairs."),
    ):
        expect(not answer(RUN | {field: value}, RULES), hint)
    for field in RULES:
        silent = {name: value for name, value in RUN.items() if name != field}
        expect(not answer(silent, RULES), f"This run does not state its {field}: what is not stated is not met.")
    expect(not answer(RUN | {"image_skip": None}, RULES), "None is no False: the run does not say whether it skipped.")
    expect(not answer(RUN, RULES | {"images": 48}), "Other rules, other answer: read the values from rules.")
