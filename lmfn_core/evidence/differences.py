"""The tables of differences: which are more than noise, what they say of the order in print and of other networks."""

from collections.abc import Sequence
from statistics import mean, stdev

from lmfn_core.evidence.comparisons import COSTS, answers, trained
from lmfn_core.evidence.effects import Effect, compare, includes, scored
from lmfn_core.evidence.ledger import Ledger
from lmfn_core.evidence.lesions import lesions as found_lesions
from lmfn_core.evidence.orderings import orderings, tally, variants
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.review import experiments
from lmfn_core.evidence.rivals import rivals as found_rivals
from lmfn_core.evidence.runs import Record, Records, look_up, named, runs_of

RULE = (
    "Runs of one seed see the same crops and are compared pair by pair. Both intervals are 95 %: Student's over the "
    "seeds, the bootstrap's over photographs. More than noise: both leave out zero; or, trained once, clear of "
    "what others found between retrainings of one network."
)
_RECIPES = {
    "recipe-published": "published form, recipe paper", "recipe-modern": "published form, recipe modern",
    "ablate-lmfn": "with image skip, recipe modern",
}  # fmt: skip
_YES = {True: "yes", False: "no", None: None}


def effects(ledger: Ledger, records: Records) -> Table:
    """Which rows of Tables 3 and 4 differ from the full network by more than noise, and which cannot be told.

    >>> effects(Ledger((), (), {}, {}), {}).rows
    []
    """
    rows = []
    for variant in variants(ledger, records):
        stated = {"variant": variant.label, "gain (dB)": _spread(runs_of(records, variant.network))}
        printed = {"printed, GoPro (dB)": f"{variant.printed_difference:+.2f}"}
        rows.append(stated | printed | _told(variant.effect))
    return Table(rows, f"PSNR on RGB above the blurred input, and less the full network's. {RULE}")


def orders(ledger: Ledger, records: Records) -> Table:
    """Every ordering that Tables 3 and 4 print, and whether our trainings confirm it.

    >>> orders(Ledger((), (), {}, {}), {}).rows
    []
    """
    found = orderings(ledger, records)
    rows = [
        {"table": o.place, "better in print": o.upper, "worse": o.lower, "printed, GoPro (dB)": f"{o.printed:+.2f}"}
        | _cells(o.effect)
        | {"verdict": o.verdict, "printed size in our interval?": o.effect and _YES[includes(o.effect, o.printed)]}
        for o in found
    ]
    runs = [run for variant in variants(ledger, records) for run in runs_of(records, variant.network)]
    luck = "Of noise alone one difference in twenty would pass."
    short = "A printed size outside our interval is ruled out for trainings like these, not for the paper's."
    return Table(rows, f"{tally(found)} {_conditions(runs)} {RULE} {luck} {short}")


def recipes(records: Records) -> Table:
    """What the recipe and the image skip are worth, each against the run before it, at the same steps.

    >>> recipes({}).rows
    []
    """
    rows, before = [], []
    for stem, title in _RECIPES.items():
        runs = scored(named(records, stem))
        if not runs:
            continue
        stated = {"network": title, "run": stem, "steps": _distinct(runs, "steps"), "gain (dB)": _spread(runs)}
        step = compare(runs, before, varied=("parameters.recipe", "parameters.image_skip"))
        rows.append(stated | _told(step, "against the row above (dB)"))
        before = runs
    return Table(rows, f"Recipe and image skip: PSNR on RGB above the blurred input, held-out images. {RULE}")


def alternatives(records: Records) -> Table:
    """ALFM's scale, other encoders and attentions, a modern network: what each is worth and what it costs.

    >>> alternatives({}).rows[0]["verdict"]
    'not run here'
    """
    rows = []
    for answer in answers(records):
        asked = answer.question
        costs = {f"{title}, times": None if r is None else f"{r:.2f}" for title, r in answer.costs.items()}
        pair = {"about": asked.about, "network": asked.asked, "compared with": asked.against_words}
        rows.append(pair | _cells(answer.effect) | {"verdict": answer.verdict} | costs)
    ratios = f"The last {len(COSTS)} columns are ratios; the time is a forward pass at 256 x 256, timed in turns."
    how = f"{_conditions(trained(records))} {RULE} {ratios}"
    return Table(rows, f"Other parts in LMFN's places, and another network. {how}")


def lesions(records: Records) -> Table:
    """Parts taken out of the trained network: what is missing at once, and after all were trained on alike.

    >>> lesions({}).rows
    []
    """
    found = found_lesions(records)
    rows = [
        {
            "taken out": lesion.taken_out,
            "parameters left": look_up(lesion.runs[0], "metrics.parameters"),
            "at once (dB)": None if lesion.at_once is None else f"{lesion.at_once:+.2f}",
            "after (dB)": _spread(lesion.runs),
        }
        | _told(lesion.effect, "less the whole one (dB)")
        for lesion in found
    ]
    runs = [run for lesion in found for run in lesion.runs]
    what = (
        "Parts taken out of the package's LMFN, whose other weights stay; then all trained on alike, the whole one too."
    )
    most = "A part is worth at most what is still missing then: longer training may close more of it."
    return Table(rows, f"{what} {_went_on(runs)} {most} {RULE}")


def rivals(ledger: Ledger, records: Records) -> Table:
    """What else may learn in a part's place while the rest of the network is trained already.

    >>> rivals(Ledger((), (), {}, {}), {}).rows
    []
    """
    found = found_rivals(records)
    falls = {variant.network: variant.printed_difference for variant in variants(ledger, records)}
    rows = [
        {
            "place": rival.place,
            "learnt there": rival.what,
            "parameters": look_up(rival.runs[0], "metrics.parameters"),
            "gain (dB)": _spread(rival.runs),
            "printed, GoPro (dB)": f"{falls[rival.network]:+.2f}" if falls.get(rival.network) else None,
        }
        | _told(rival.effect, "less the paper's (dB)")
        for rival in found
    ]
    runs = [run for rival in found for run in rival.runs]
    what = (
        "Rivals for one place in the package's LMFN: each with random weights there, the paper's part too, and the "
        "trained ones everywhere else; then all of it trained on alike."
    )
    tilt = (
        "The neighbours learnt beside the paper's part: a rival that is no worse has done more than that. Printed: "
        "whole networks, trained from nothing."
    )
    return Table(rows, f"{what} {_went_on(runs)} {tilt} {RULE}")


def proposed(records: Records) -> Table:
    """The three first experiments that a review of the paper proposes: expected and found.

    >>> [row["verdict"] for row in proposed({}).rows][:1]
    ['not attempted here']
    """
    rows = [
        {"experiment": e.proposed, "expected": e.expected, "found": e.found, "verdict": e.verdict,
         "expected size in our interval?": _YES[e.size], "because": e.because}
        for e in experiments(records)
    ]  # fmt: skip
    return Table(rows, "First experiments that a review of the paper proposes; the verdict is on the direction alone.")


def _cells(effect: Effect | None, title: str = "here (dB)") -> Row:
    if effect is None:
        return dict.fromkeys((title, "over seeds (dB)", "over photographs (dB)", "seeds"))
    seeds, photographs = (_ends(ends) for ends in (effect.over_seeds, effect.interval))
    return {title: f"{effect.difference:+.3f}", "over seeds (dB)": seeds, "over photographs (dB)": photographs,
            "seeds": effect.seeds}  # fmt: skip


def _told(effect: Effect | None, title: str = "here (dB)") -> Row:
    judged = {"more than noise?": effect and effect.verdict, "because": effect and effect.reason}
    return _cells(effect, title) | judged


def _ends(ends: tuple[float, float] | None) -> str | None:
    return ends and f"{ends[0]:+.3f} to {ends[1]:+.3f}"


def _spread(runs: Sequence[Record]) -> str | None:
    """Mean of the runs' gains, and their standard deviation where there are several."""
    gains = [look_up(record, "metrics.gain_psnr_rgb") for record in scored(runs)]
    if not gains:
        return None
    return f"{mean(gains):+.2f}" + (f" ± {stdev(gains):.2f}" if len(gains) > 1 else "")


def _conditions(runs: Sequence[Record]) -> str:
    if not runs:
        return "No training record yet."
    fields = {"tier": "tier", "steps": "steps", "seeds": "seed", "data": "data"}
    return f"Trained here: {'; '.join(f'{name} {_distinct(runs, path)}' for name, path in fields.items())}."


def _went_on(runs: Sequence[Record]) -> str:
    """How weights that had been trained already were trained on."""
    recipe = f" Recipe {_distinct(runs, 'parameters.recipe')}." if runs else ""
    return f"PSNR on RGB above the blurred input. {_conditions(runs)}{recipe}"


def _distinct(runs: Sequence[Record], path: str) -> str:
    return ", ".join(dict.fromkeys(str(look_up(record, path)) for record in runs))
