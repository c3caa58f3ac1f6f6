"""Put trained weights into the package, with the model card, the tables and README's block that their records give.

python3 lab.py ship            renew cards, tables and README from reports/runs/weights/
python3 lab.py ship WEIGHTS    the same after taking the weights of this file, if they score better than those inside

Each set of weights has three records from `make reproduce TIER=weights DATA=corpus:/folder`: `train-lmfn` from
the training, `evaluation` from scoring what came out of it, `shipped` from scoring what the package holds; those of
LFDN end in `-lfdn` (to deblur) and `-derain`.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from lmfn_core.evidence.model_card import model_card
from lmfn_core.evidence.rendering import Table, csv, fill, markdown
from lmfn_core.evidence.runs import Record, look_up
from lmfn_core.evidence.weights_tables import SHOWN, by_difficulty, by_set, curve
from lmfn_core.models.checkpoints import load_tensors
from lmfn_core.models.pretrained import WEIGHTS
from lmfn_core.records import load_records, write_bytes, write_text
from workflow import ROOT, Problem

TIER = "weights"


def main(words: list[str], root: Path = ROOT, weights: Path = WEIGHTS) -> int:
    """Ship; the exit code."""
    try:
        if len(words) > 1:
            raise Problem(f"Give one file of weights or none; got {len(words)} words.")
        if words:
            take(Path(words[0]), root, weights)
        renew(root, weights)
    except (Problem, ValueError, FileNotFoundError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def name_of(card: Mapping[str, object]) -> str:
    """What trained weights are called in the package: LMFN has one task, LFDN has two.

    >>> name_of({"network": "lmfn"}), name_of({"network": "lfdn", "task": "derain"})
    ('lmfn', 'lfdn-derain')
    """
    family = str(card["network"]).partition("-")[0]
    return family if family == "lmfn" else f"{family}-{card.get('task', 'deblur')}"


SUFFIX = {"lmfn": "", "lfdn-deblur": "-lfdn", "lfdn-derain": "-derain"}
"""What the runs of each set of weights are called after their kind; ``train-lmfn`` alone has the first one's name."""


def run_of(kind: str, name: str) -> str:
    """The record that a set of weights has of its "train", its "evaluation" or as "shipped".

    >>> run_of("shipped", "lmfn"), run_of("train", "lmfn"), run_of("shipped", "lfdn-derain")
    ('shipped', 'train-lmfn', 'shipped-derain')
    """
    return "train-lmfn" if (kind, name) == ("train", "lmfn") else f"{kind}{SUFFIX[name]}"


def take(file: Path, root: Path, weights: Path) -> None:
    """Replace the package's weights of the same name by the file's.

    Raises:
        Problem: when the new weights were not evaluated, or score no better.
        ValueError: when the file is damaged.
    """
    _, card = load_tensors(file)
    name, task = name_of(card), card.get("task", "deblur")
    records = load_records(root / "reports" / "runs" / TIER)
    new, old = (gain(records.get(run_of(kind, name), {}), task) for kind in ("evaluation", "shipped"))
    if new is None:
        raise Problem(f"These weights were not evaluated yet: make reproduce TIER={TIER} DATA=corpus:/folder "
                      f"ONLY={run_of('evaluation', name)}.")  # fmt: skip
    if old is not None and new <= old:
        raise Problem(f"The new weights gain {new:+.3f} dB, those of the package {old:+.3f} dB: they stay.")
    write_bytes(weights / f"{name}.safetensors", file.read_bytes())
    shutil.copyfile(file.with_suffix(".json"), weights / f"{name}.json")
    print(f"{name}: {card['steps']:,} steps more, {new:+.3f} dB instead of {old or 0:+.3f}.")
    print(f"Now make reproduce TIER={TIER} DATA=corpus:/folder ONLY={run_of('shipped', name)}, "
          f"then python3 lab.py ship.")  # fmt: skip


def gain(record: Record, task: str) -> float | None:
    """The mean gain of an evaluation in the task's own measure, or None.

    >>> scores = {"blurred": {"psnr_luma": 20.0}, "restored": {"psnr_luma": 25.0}}
    >>> gain({"metrics": scores}, "derain"), gain({}, "deblur")
    (5.0, None)
    """
    before, after = (look_up(record, f"metrics.{kind}.{SHOWN[task].main}") for kind in ("blurred", "restored"))
    return None if before is None or after is None else after - before


def renew(root: Path, weights: Path) -> None:
    """Write the model cards, the tables and README's block from the committed records.

    Raises:
        FileNotFoundError: when there are no records.
    """
    records, blocks = load_records(root / "reports" / "runs" / TIER), []
    for file in sorted(weights.glob("*.safetensors"), key=lambda file: (file.stem != "lmfn", file.stem)):
        _, card = load_tensors(file)
        name, task = file.stem, card.get("task", "deblur")
        evaluation = records.get(run_of("shipped", name), {})
        training = records.get(run_of("train", name), {})
        write_text(weights / f"{name}.md", model_card(name, card, evaluation, training))
        for stem, table in tables(name, task, evaluation, training).items():
            place = root / "reports" / "tables" / TIER
            write_text(place / f"{stem}.md", markdown(table.rows, table.caption))
            write_text(place / f"{stem}.csv", csv(table.rows))
        blocks.append(readme_block(name, task, evaluation))
    readme = root / "README.md"
    write_text(readme, fill(readme.read_text(encoding="utf-8"), TIER, "\n\n".join(blocks)))


def tables(name: str, task: str, evaluation: Record, training: Record) -> dict[str, Table]:
    """The tables of one set of weights by their file's name.

    >>> list(tables("lmfn", "deblur", {}, {}))
    ['lmfn-scores', 'lmfn-difficulty', 'lmfn-curve']
    """
    made = {"scores": by_set(evaluation, task), "difficulty": by_difficulty(evaluation, task), "curve": curve(training)}
    return {f"{name}-{kind}": table for kind, table in made.items()}


def readme_block(name: str, task: str, evaluation: Record) -> str:
    """What README shows of one set of weights: a few columns of the scores.

    >>> readme_block("lmfn", "deblur", {}).splitlines()[0]
    '**`lmfn`**, to deblur'
    """
    table, shown = by_set(evaluation, task), SHOWN[task]
    wide = (f"{shown.other_title} gain (dB)", "largest", "8 looks (dB)", shown.ssims[-1][0])
    rows = [{key: value for key, value in row.items() if key not in wide} for row in table.rows]
    return f"**`{name}`**, to {task}\n\n{markdown(rows, table.caption).strip()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
