"""Put trained weights into the package, with the model card, the tables and README's block that their records give.

python3 lab.py ship            renew card, tables and README from reports/runs/weights/
python3 lab.py ship WEIGHTS    the same after taking the weights of this file, if they score better than those inside

Both records come from `make reproduce TIER=weights DATA=corpus:/folder`: `train-lmfn` from the training, `shipped` from
the evaluation of what the package holds, `evaluation` from that of the new weights.
"""

import shutil
import sys
from pathlib import Path

from lmfn_core.checkpoints import load_tensors
from lmfn_core.evidence import Record, look_up
from lmfn_core.model_card import by_difficulty, by_set, curve, model_card
from lmfn_core.pretrained import WEIGHTS
from lmfn_core.records import load_records, write_bytes, write_text
from lmfn_core.rendering import csv, fill, markdown
from workflow import ROOT, Problem

NAME, TIER = "lmfn", "weights"


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


def take(file: Path, root: Path, weights: Path) -> None:
    """Replace the package's weights by the file's, and the record of their evaluation by that of the new ones.

    Raises:
        Problem: when the new weights were not evaluated, or score no better.
        ValueError: when the file is damaged.
    """
    _, card = load_tensors(file)
    records = load_records(root / "reports" / "runs" / TIER)
    new, old = (gain_of(records.get(run, {})) for run in ("evaluation", "shipped"))
    if new is None:
        raise Problem("These weights were not evaluated yet: make reproduce TIER=weights DATA=corpus:/folder.")
    if old is not None and new <= old:
        raise Problem(f"The new weights gain {new:+.3f} dB, those of the package {old:+.3f} dB: they stay.")
    write_bytes(weights / f"{NAME}.safetensors", file.read_bytes())
    shutil.copyfile(file.with_suffix(".json"), weights / f"{NAME}.json")
    print(f"{NAME}: {card['steps']:,} steps more, {new:+.3f} dB instead of {old or 0:+.3f}.")
    print(f"Now make reproduce TIER={TIER} DATA=corpus:/folder ONLY=shipped, then python3 lab.py ship.")


def gain_of(record: Record) -> float | None:
    """The mean gain of an evaluation, or None.

    >>> gain_of({"metrics": {"gain_psnr_rgb": 1.0}}), gain_of({})
    (1.0, None)
    """
    return look_up(record, "metrics.gain_psnr_rgb")


def renew(root: Path, weights: Path) -> None:
    """Write the model card, the tables and README's block from the committed records.

    Raises:
        FileNotFoundError: when there are no records.
    """
    records = load_records(root / "reports" / "runs" / TIER)
    shipped, training = records.get("shipped", {}), records.get("train-lmfn", {})
    _, card = load_tensors(weights / f"{NAME}.safetensors")
    write_text(weights / f"{NAME}.md", model_card(NAME, card, shipped, training))
    for name, table in tables(shipped, training).items():
        folder = root / "reports" / "tables" / TIER
        write_text(folder / f"{name}.md", markdown(table.rows, table.caption))
        write_text(folder / f"{name}.csv", csv(table.rows))
    readme = root / "README.md"
    write_text(readme, fill(readme.read_text(encoding="utf-8"), TIER, readme_block(shipped)))


def tables(shipped: Record, training: Record) -> dict:
    """The tables of the weights by their file's name.

    >>> list(tables({}, {}))
    ['scores', 'difficulty', 'curve']
    """
    return {"scores": by_set(shipped), "difficulty": by_difficulty(shipped), "curve": curve(training)}


def readme_block(shipped: Record) -> str:
    """What README shows of them: a few columns of the scores.

    >>> readme_block({}).splitlines()[-1]
    'No rows: no record holds them yet.'
    """
    table = by_set(shipped)
    wide = ("luma gain (dB)", "largest", "SSIM MATLAB RGB")
    return markdown([{k: v for k, v in row.items() if k not in wide} for row in table.rows], table.caption)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
