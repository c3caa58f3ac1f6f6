"""Effect or noise, from hand-made records: pairs, photographs, seeds, and what makes two runs comparable."""

import random
from statistics import stdev

import pytest

from lmfn_core.evidence.effects import (
    CANNOT_TELL,
    EFFECT,
    UNLIKE,
    compare,
    gains,
    includes,
    interval,
    mean_gains,
    photograph,
)  # fmt: skip

NAMES = [f"{name}-{draw}" for name in ("cat", "cup", "face", "moon") for draw in (1, 2, 3)]


def training(run="ablate-lmfn", gain=0.5, by_image=None, seed=0, **changes):
    values = {name: gain for name in NAMES} if by_image is None else by_image
    settings = {"network": "lmfn", "recipe": "modern", "image_skip": True, "batch": 8, "crop": 96} | changes
    return {"run": run, "tier": "lesson", "data": "photographs", "steps": changes.pop("steps", 120), "seed": seed,
            "parameters": settings, "metrics": {"gain_psnr_rgb": gain, "gains": values}}  # fmt: skip


def test_gains_are_read_in_either_form_or_are_absent():
    listed = [{"name": "a", "blurred": {"psnr_rgb": 20.0}, "restored": {"psnr_rgb": 20.5}}]
    assert gains({"metrics": {"images": listed}}) == {"a": 0.5}
    assert gains({"metrics": {"gains": {"a": 0.5}, "images": 12}}) == {"a": 0.5}
    assert gains({"metrics": {"images": 12}}) == gains({}) == {}


def test_seeds_are_averaged_over_the_images_that_all_scored():
    runs = [training(by_image={"a": 0.0, "b": 1.0}), training(by_image={"b": 2.0, "c": 1.0})]
    assert mean_gains(runs) == {"b": 1.5} and mean_gains([]) == {}


@pytest.mark.parametrize(
    ("name", "source"),
    [("cat-1", "cat"), ("holiday/IMG-12.jpg-3", "holiday/IMG-12.jpg"), ("GOPR0384_11_00/000001.png", "GOPR0384_11_00"),
     ("a.png", "a.png")],
)  # fmt: skip
def test_photograph(name, source):
    assert photograph(name) == source


def test_the_interval_is_that_of_a_mean_over_photographs():
    draw = random.Random(0)
    apart = {f"p{i}": draw.gauss(-0.3, 0.2) for i in range(40)}
    low, high = interval(apart)
    middle, error = sum(apart.values()) / 40, stdev(apart.values()) / 40**0.5
    assert low == pytest.approx(middle - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(middle + 1.96 * error, abs=0.2 * error)
    assert interval(apart) == (low, high) == interval(dict(reversed(apart.items())))
    assert interval(apart, seed=1) != (low, high)


def test_blurs_of_one_photograph_are_no_photographs_of_their_own():
    truth = {"cat": 0.3, "cup": -0.3, "face": 0.1, "moon": -0.1}
    repeated = {f"{name}-{draw}": value for name, value in truth.items() for draw in range(1, 10)}
    alone = {name.replace("-", "x"): value for name, value in repeated.items()}
    wide, narrow = ((high - low) for low, high in (interval(repeated), interval(alone)))
    assert wide == pytest.approx(3 * narrow, rel=0.2)
    assert interval(repeated) == pytest.approx(interval(truth))
    assert interval({"cat-1": 0.1, "cat-2": 0.2}) is None and interval({}) is None


def test_photographs_with_more_blurs_weigh_more():
    assert interval({"a-1": 1.0, "a-2": 1.0, "a-3": 1.0, "b-1": 0.0}, draws=4000)[0] == 0.0
    means = {round(3 * k / (3 * k + (2 - k)), 6) for k in (0, 1, 2)}
    assert means == {0.0, 0.75, 1.0}  # draws of two photographs: b b, a b, a a
    assert interval({"a-1": 1.0, "a-2": 1.0, "a-3": 1.0, "b-1": 0.0})[1] == 1.0


@pytest.mark.parametrize(
    ("fall", "verdict"), [(0.1, CANNOT_TELL), (0.24, CANNOT_TELL), (0.3, EFFECT), (-0.3, EFFECT), (-0.2, CANNOT_TELL)]
)
def test_trained_once_it_must_be_clear_of_what_retrainings_differ_by(fall, verdict):
    effect = compare([training(gain=0.5 - fall)], [training(gain=0.5)])
    assert (effect.verdict, effect.seeds) == (verdict, 1)
    assert effect.difference == pytest.approx(-fall) and effect.interval == pytest.approx((-fall, -fall))
    assert "one seed" in effect.reason and "0.24 dB" in effect.reason


def test_trained_once_the_whole_interval_counts():
    uneven = {name: 0.1 if name.startswith("cat") else -0.6 for name in NAMES}
    effect = compare([training(gain=-0.425, by_image=uneven)], [training(gain=0.0)])
    assert effect.difference < -0.4 and effect.interval[1] > -0.24 and effect.verdict == CANNOT_TELL


def test_without_gains_by_image_the_difference_alone_decides():
    without = [training(gain=gain, by_image={}) for gain in (0.5, 0.2)]
    effect = compare(without[1:], without[:1])
    assert effect.interval is None and effect.verdict == EFFECT


def several(middle, spread, by_image=None, steps=(-1, 0, 1)):
    return [training(gain=middle + step * spread, by_image=by_image, seed=seed) for seed, step in enumerate(steps)]


def test_with_seeds_the_spread_of_the_paired_differences_decides():
    reference = several(0.5, 0.1)
    close, far = (compare(several(gain, 0.2), reference) for gain in (0.4, 0.1))
    assert (close.verdict, far.verdict, far.seeds) == (CANNOT_TELL, EFFECT, 3)
    half = 4.30 * 0.1 / 3**0.5  # the differences are 0.1 apart; Student's t for three of them
    assert close.over_seeds == pytest.approx((-0.1 - half, -0.1 + half)) and f"±{half:.3f} dB" in close.reason
    small = compare(several(0.49, 0.105), reference)
    assert small.verdict == CANNOT_TELL and compare(several(0.49, 0.102), reference).verdict == EFFECT


def test_what_a_seed_does_to_both_sides_cancels():
    reference, runs = several(0.5, 0.3), several(0.48, 0.3)
    assert compare(runs, reference).verdict == EFFECT, "0.02 dB in every pair, though the seeds lie 0.3 dB apart"
    crossed = several(0.48, 0.3, steps=(1, 0, -1))
    assert compare(crossed, reference).verdict == CANNOT_TELL, "the same two lists of scores, other partners"


def test_a_seed_without_a_partner_counts_for_nothing():
    lonely = training(gain=9.0, seed=7)
    effect = compare([*several(0.4, 0.1), lonely], several(0.5, 0.1))
    assert effect.difference == pytest.approx(-0.1) and effect.seeds == 3
    apart = compare([lonely], several(0.5, 0.1))
    assert (apart.verdict, apart.over_seeds) == (UNLIKE, None) and "no seed" in apart.reason


def test_a_value_is_held_against_the_wider_interval():
    effect = compare(several(0.4, 0.2), several(0.5, 0.1))
    assert includes(effect, 0.1) and includes(effect, -0.3) and not includes(effect, -0.7)
    assert includes(compare([training(by_image={})], [training()]), 0.0) is None


def test_with_seeds_the_photographs_have_a_word_too():
    divided = {name: 0.9 if name.startswith("cat") else 0.1 for name in NAMES}
    runs, reference = several(0.3, 0.01, divided), several(0.5, 0.01)
    effect = compare(runs, reference)
    assert effect.interval[0] < 0 < effect.interval[1] and effect.verdict == CANNOT_TELL
    assert "every photograph" in effect.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [({"steps": 500}, "steps 500 against 120"), ({"crop": 64}, "crop 64 against 96"),
     ({"recipe": "paper"}, "recipe paper against modern"), ({"image_skip": False}, "image skip False against True")],
)  # fmt: skip
def test_runs_under_other_conditions_tell_nothing(change, words):
    effect = compare([training(gain=-5.0, **change)], [training()])
    assert effect.verdict == UNLIKE and words in effect.reason
    assert compare([training(gain=-5.0, **change)], [training(gain=0.5)], varied=_all()).verdict == EFFECT


def _all():
    return ["steps", "parameters.crop", "parameters.recipe", "parameters.image_skip"]


def test_what_was_not_run_is_no_effect():
    assert compare([], [training()]) is compare([training()], []) is None
    assert compare([{"metrics": {}}], [training()]) is None
