"""Notebook 12's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import math

from lmfn_core.teaching.exercises.report import check_admissible, check_contradiction, check_verdict


def digits(printed):
    return len(printed.partition(".")[2])


def number(printed):
    return float(printed.replace(",", ""))


def same(printed, ours):
    return f"{ours:.{digits(printed)}f}" == printed.replace(",", "")


def judge(printed, ours, tolerance, *, same=same, near=None, none="not attempted here", tolerance_first=False):
    near = near or (lambda printed, ours, tolerance: abs(ours - number(printed)) <= tolerance)
    if ours is None:
        return none
    if tolerance_first and near(printed, ours, tolerance):
        return "within tolerance"
    if same(printed, ours):
        return "reproduced"
    return "within tolerance" if near(printed, ours, tolerance) else "not reproduced"


def judge_with(**changes):
    return lambda printed, ours, tolerance: judge(printed, ours, tolerance, **changes)


def cut(printed, ours):
    scale = 10 ** digits(printed)
    return math.floor(ours * scale + 1e-9) == round(number(printed) * scale)


def by_float(printed, ours):
    shown = digits(str(number(printed)))
    return round(ours, shown) == round(number(printed), shown)


def point_needed(printed, ours):
    return "," not in printed and same(printed, ours)


def contradicts(said, first, second, *, half=0.5, add=sum, of=(0, 1, 2), absolute=True, last=digits):
    numbers = (said, first, second)
    off = number(first) - number(second) - number(said)
    slack = add(half * 10.0 ** -last(numbers[i]) for i in of)
    return bool((abs(off) if absolute else off) > slack + 1e-9)


def contradicts_with(**changes):
    return lambda *numbers: contradicts(*numbers, **changes)


def at_least_one_digit(printed):
    return max(1, digits(printed))


def admissible(run, rules, *, default=None, steps=lambda a, b: a >= b, images=lambda a, b: a == b, skip_by_truth=False):
    def stated(name):
        return run.get(name, rules[name] if default == "rules" else None)

    if stated("steps") is None or stated("images") is None:
        return False
    skip = not stated("image_skip") if skip_by_truth else stated("image_skip") is rules["image_skip"]
    return (
        stated("tier") == rules["tier"] and stated("recipe") == rules["recipe"] and skip
        and steps(stated("steps"), rules["steps"]) and images(stated("images"), rules["images"])
    )  # fmt: skip


def admissible_with(**changes):
    return lambda run, rules: admissible(run, rules, **changes)


def without(*names):
    """The rule with some conditions forgotten."""
    return lambda run, rules: admissible({**run, **{n: rules[n] for n in names if n in run}}, rules)


REFERENCES = [(check_verdict, judge), (check_contradiction, contradicts), (check_admissible, admissible)]

MUTANTS = [
    # equality; cut off; nearness for rounding; two digits; digits of the float; the comma; tolerance first
    (check_verdict, judge_with(same=lambda p, o: number(p) == o), "compare after rounding"),
    (check_verdict, judge_with(same=cut), "cut its digits off"),
    (check_verdict, judge_with(same=lambda p, o: abs(number(p) - o) < 0.01), "only the rounding counts"),
    (check_verdict, judge_with(same=lambda p, o: f"{o:.2f}" == f"{number(p):.2f}"), "has one digit"),
    (check_verdict, judge_with(same=by_float), "forgets the last zero"),
    (check_verdict, judge_with(same=point_needed), "comma for the thousands"),
    (check_verdict, judge_with(tolerance_first=True), "rounding first"),
    # one side only; better is reproduced; a share; nothing measured is refuted; another word
    (check_verdict, judge_with(near=lambda p, o, t: 0 <= o - number(p) <= t), "absolute difference"),
    (check_verdict, judge_with(same=lambda p, o: same(p, o) or o > number(p) + 0.5), "not beat it"),
    (check_verdict, judge_with(near=lambda p, o, t: abs(o / number(p) - 1) <= t), "no share of it"),
    (check_verdict, judge_with(none="not reproduced"), "nothing was refuted"),
    (check_verdict, lambda p, o, t: judge(p, o, t) == "reproduced", "got True"),
    # equality of floats; only what is said is rounded; the largest half; whole units; one way; said is exact; no point
    (check_contradiction, lambda s, a, b: float(a) - float(b) != float(s), "not in binary"),
    (check_contradiction, contradicts_with(of=(0,)), "are subtracted are rounded"),
    (check_contradiction, contradicts_with(add=max), "add the three halves"),
    (check_contradiction, contradicts_with(half=1.0), "not by a whole one"),
    (check_contradiction, contradicts_with(absolute=False), "off both ways"),
    (check_contradiction, contradicts_with(of=(1, 2)), "to its own digits"),
    (check_contradiction, contradicts_with(last=at_least_one_digit), "last digit is the unit"),
    (check_contradiction, lambda *numbers: "no" if contradicts(*numbers) else "yes", "True or False"),
    # what is missing passes; more than; each condition forgotten; more images; None as False; values written down
    (check_admissible, admissible_with(default="rules"), "what is not stated is not met"),
    (check_admissible, admissible_with(steps=lambda a, b: a > b), "at least, not more than"),
    (check_admissible, without("tier"), "run of seconds"),
    (check_admissible, without("steps"), "One step is missing"),
    (check_admissible, without("recipe"), "another recipe"),
    (check_admissible, without("image_skip"), "another network"),
    (check_admissible, without("images"), "One test pair was left out"),
    (check_admissible, admissible_with(images=lambda a, b: a >= b), "More images are not better"),
    (check_admissible, admissible_with(skip_by_truth=True), "does not state its image_skip"),
    (check_admissible, lambda run, rules: admissible(run, rules | {"images": 1111}), "read the values from rules"),
]


def test_none_is_no_false(capsys):
    def by_truth(run, rules):
        return "image_skip" in run and admissible(run, rules, skip_by_truth=True)

    assert check_admissible(by_truth) is False
    assert "None is no False" in capsys.readouterr().out
