"""The benchmark: every way to run the network, timed against each other; its record, tables, figure, README's block.

python3 lab.py bench [KEY=value]      ROUNDS=7 SIZES=256x256,640x360,1280x720 BATCHES=1 DEVICE=auto|cpu|cuda
                                      NETWORK=lmfn WITHOUT=compiled OUT=/folder
"""

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib

from lmfn_core.benchmark.bench import SIZES, measure, weigh
from lmfn_core.benchmark.ways import ways
from lmfn_core.datasets.opening import open_data
from lmfn_core.evidence.bench_figures import bench_figure
from lmfn_core.evidence.bench_tables import device_tables, ratios
from lmfn_core.evidence.figures import save_svg, use_style
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.evidence.rendering import csv, fill, markdown
from lmfn_core.records import load_records, save_record, write_text
from lmfn_core.repro import pick_device
from workflow import ROOT, Problem, suggest
from workflow.exits import exit_code

TIER = "speed"
"""Folder of the records, tables and figures, beside those of the tiers; `bench` is a tier."""
KEYS = ("ROUNDS", "SIZES", "BATCHES", "DEVICE", "NETWORK", "WITHOUT", "OUT")
PRINTED = "t1-lmfn-time"
"""The paper's seconds per image, in the ledger."""


@dataclass(frozen=True)
class Call:
    """What was asked for."""

    rounds: int = 7
    sizes: tuple[tuple[int, int], ...] = SIZES  # (width, height)
    batches: tuple[int, ...] = (1,)
    device: str = "auto"
    network: str = "lmfn"
    without: tuple[str, ...] = ()  # words of ways to leave out
    out: Path | None = None  # None: reports/


def parse(words: list[str]) -> Call:
    """The call that the words describe; an empty value counts as not given.

    >>> parse(["ROUNDS=3", "SIZES=64x48"]).sizes
    ((64, 48),)
    """
    given = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in KEYS:
            raise Problem(f"{word!r} is unknown{suggest(key, KEYS)} Known: {', '.join(f'{k}=' for k in KEYS)}.")
        if value:
            given[key.lower()] = _read(key, value)
    return Call(**given)


def _read(key: str, value: str) -> object:
    if key == "OUT":
        return Path(value).expanduser().resolve()
    if key == "SIZES":
        sizes = tuple(tuple(map(int, size.split("x"))) for size in value.split(",") if re.fullmatch(r"\d+x\d+", size))
        if len(sizes) != value.count(",") + 1 or min(map(min, sizes)) < 16:
            raise Problem(f"SIZES={value} must be width x height from 16 up, with commas: SIZES=256x256,1280x720.")
        return tuple(sorted(sizes, key=lambda size: size[0] * size[1]))
    if key in ("ROUNDS", "BATCHES"):
        numbers = [int(number) for number in value.split(",") if number.isdecimal()]
        if len(numbers) != value.count(",") + 1 or min(numbers) < 1 or key == "ROUNDS" and len(numbers) > 1:
            raise Problem(f"{key}={value} must be a whole number from 1 up{', or several' * (key == 'BATCHES')}.")
        return tuple(numbers) if key == "BATCHES" else numbers[0]
    return tuple(value.split(",")) if key == "WITHOUT" else value


def main(words: list[str], root: Path = ROOT) -> int:
    """Run the benchmark; the exit code."""
    return exit_code(lambda: _run(parse(words), root))


def _run(call: Call, root: Path) -> int:
    try:
        device = pick_device(call.device)
        data, began = open_data("bundled"), time.monotonic()

        def tell(line: str) -> None:
            print(f"  {time.monotonic() - began:5.0f} s  {line}", flush=True)

        chosen = [name for name in ways(device) if not any(word in name for word in call.without)]
        pairs = data.test_pairs()
        seen = measure(call.network, device, call.sizes, call.batches, call.rounds, pairs, chosen, tell)
        if device.type == "cpu":
            weigh(seen, call.network, call.sizes, tell)
    except (ValueError, FileNotFoundError) as error:
        raise Problem(str(error)) from None
    out, total = call.out or root / "reports", time.monotonic() - began
    sizes = [f"{width}x{height}" for width, height in call.sizes]
    parameters = {"network": call.network, "rounds": call.rounds, "sizes": sizes, "batches": list(call.batches)}
    save_record(out / "runs" / TIER, device.type, notebook="bench", tier=TIER, parameters=parameters,
                data=data.describe, metrics=vars(seen), seconds={"total": total})  # fmt: skip
    for path in renew(out, root / "README.md" if call.out is None else None, root / "reports" / "claims"):
        if path.name.startswith(device.type) and path.suffix == ".md":
            print(f"\n{path.read_text(encoding='utf-8')}", end="", flush=True)
    for way, reason in seen.failed.items():
        print(f"{way} failed: {reason}", file=sys.stderr)
    return 0


def renew(out: Path, readme: Path | None, claims: Path) -> list[Path]:
    """Write the tables and figures of all records under ``out``, and README's block; the paths."""
    records, written = load_records(out / "runs" / TIER), []
    printed = {claim.id: claim.printed for claim in load_ledger(claims).claims}.get(PRINTED, "")
    for device, record in records.items():
        for name, table in device_tables(record, printed if device == "cuda" else "").items():
            place = out / "tables" / TIER / f"{device}-{name}"
            if table.rows:
                written.append(write_text(place.with_suffix(".md"), markdown(table.rows, table.caption)))
                written.append(write_text(place.with_suffix(".csv"), csv(table.rows)))
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            use_style()
            if (figure := bench_figure(record)) is not None:
                written.append(save_svg(figure, out / "figures" / TIER / f"{device}.svg"))
    if readme:
        table = ratios(records)
        write_text(readme, fill(readme.read_text(encoding="utf-8"), "bench", markdown(table.rows, table.caption)))
    return written


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
