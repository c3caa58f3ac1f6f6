"""The benchmark's records as tables: speed, memory, quality, the device's limits; and README's ratios.

A record is called by the kind of its device, "cpu" or "cuda". Absolute times hold for its machine only.
"""

from lmfn_core.benchmark.cases import in_order
from lmfn_core.benchmark.ways import EAGER
from lmfn_core.evidence.rendering import Row, Table
from lmfn_core.evidence.runs import Record, Records, look_up
from lmfn_core.evidence.summary import hardware

DEVICES = {"cpu": "CPU", "cuda": "GPU"}
"""Titles of the records, in README's order."""


def device_tables(record: Record, printed: str = "") -> dict[str, Table]:
    """All tables of one record by the end of their file's name.

    Args:
        printed: the seconds per image that the paper prints, shown beside a device's limits.

    >>> list(device_tables({}))
    ['speed', 'memory', 'quality', 'limits']
    """
    made = {"speed": speed(record), "memory": memory(record), "quality": quality(record)}
    return made | {"limits": limits(record, printed)}


def speed(record: Record) -> Table:
    """Every way at every size: median time, times as fast as the plain call, and how equal the results are.

    >>> speed({}).rows
    []
    """
    rows = []
    for case, ways in _metric(record, "latency_ms").items():
        for way, timed in ways.items():
            rows.append({
                "image": case, "way": way, "median (ms)": _ms(timed["median"]),
                "quartiles (ms)": f"{_ms(timed['lower'])} to {_ms(timed['upper'])}",
                f"times as fast as {EAGER}": f"{1 / timed['ratio']:.2f}",
                "first call (s)": f"{_metric(record, 'first_s')[case][way]:.1f}",
                f"PSNR against {EAGER} (dB)": f"{_metric(record, 'agreement_db')[case][way]:.0f}",
            })  # fmt: skip
    caption = f"Speed, all ways timed in turns in one run: {_how(record)} The ratio is the median over the rounds."
    return Table(rows, caption + _failures(record))


def memory(record: Record) -> Table:
    """Most megabytes that were held, by way and size.

    >>> memory({}).rows
    []
    """
    held = _metric(record, "memory_mb")
    columns = list(dict.fromkeys(case for cases in held.values() for case in cases))
    rows = [{"way": way} | {c: _whole(cases.get(c)) for c in columns} for way, cases in held.items() if cases]
    whose = "a fresh process, PyTorch and all" if "at rest" in columns else "the GPU's allocator, with the weights"
    return Table(rows, f"Peak memory in MB, of {whose}; by the image's size: {_how(record)}")


def quality(record: Record) -> Table:
    """PSNR on held-out pairs against the speed at the largest size.

    >>> quality({}).rows
    []
    """
    scores, timed = _metric(record, "quality_db"), _metric(record, "latency_ms")
    case = list(timed)[-1] if timed else ""
    rows: list[Row] = []
    for way, score in scores.items():
        faster = look_up(timed, case).get(way, {}).get("ratio")
        rows.append({
            "way": way, "PSNR RGB (dB)": f"{score:.3f}", f"against {EAGER} (dB)": _signed(score - scores[EAGER], 4),
            f"times as fast at {case}": f"{1 / faster:.2f}" if faster else None,
        })  # fmt: skip
    return Table(rows, f"Quality on the middle of the held-out pairs, {record.get('data', 'none')}, against speed.")


def limits(record: Record, printed: str = "") -> Table:
    """The fastest way against what the device can do, how fast it could be at all, and what the paper prints.

    >>> limits({}).rows
    []
    """
    found = _metric(record, "limits")
    if not found:
        return Table([], "A device's limits: this record holds none.")
    rows = [_against_limits(case, _metric(record, "latency_ms")[case], needs, found, printed)
            for case, needs in found["needs"].items()]  # fmt: skip
    top = f"{found['flop_per_s'] / 1e12:.3g} TFLOP/s in a bfloat16 product, {found['bytes_per_s'] / 1e9:.0f} GB/s"
    caption = f"How near the fastest way comes to the limits of {hardware(record)}, as measured: {top} in a copy."
    return Table(rows, f"{caption} Traffic counts the plain operators in bfloat16; fused ones need less.")


def _against_limits(case: str, timed: dict, needs: dict, speeds: dict, printed: str) -> Row:
    way, plain = min(timed, key=lambda name: timed[name]["median"]), timed[EAGER]["median"]
    best, arithmetic, bytes_ = timed[way]["median"], *(1e3 * needs[k] / speeds[f"{k}_per_s"] for k in ("flop", "bytes"))
    return {
        "image": case, "fastest way": way, "median (ms)": _ms(best),
        **({"in print, size unknown (ms)": f"{1e3 * float(printed):.0f}"} if printed else {}),
        "arithmetic alone (ms)": _ms(arithmetic), "of that limit (%)": _percent(arithmetic / best),
        f"times as fast as {EAGER}": f"{plain / best:.1f}", "at the arithmetic's limit": f"{plain / arithmetic:.1f}",
        "traffic alone (ms)": _ms(bytes_), "of this limit (%)": _percent(bytes_ / best),
    }  # fmt: skip


def ratios(records: Records) -> Table:
    """README's table: how many times as fast as the plain call each way is, per device and size.

    >>> ratios({}).rows
    []
    """
    rows, said = [], []
    for device, title in DEVICES.items():
        record = records.get(device, {})
        timed, scores = _metric(record, "latency_ms"), _metric(record, "quality_db")
        if timed:
            said.append(f"{title}: {hardware(record)}; {_rounds(record)} rounds.")
        for way in dict.fromkeys(way for ways in timed.values() for way in ways if way != EAGER):
            cells = {case: f"{1 / ways[way]['ratio']:.1f}" if way in ways else None for case, ways in timed.items()}
            lost = _signed(scores[way] - scores[EAGER], 3) if way in scores else None
            rows.append({"on": title, "way": way} | cells | {"PSNR (dB)": lost})
    titles = list(dict.fromkeys(title for row in rows for title in row))
    titles.sort(key=lambda title: title == "PSNR (dB)")
    rows = [{title: row.get(title) for title in titles} for row in rows]
    caption = (
        f"Times as fast as the plain call ({EAGER}, same device, same run), by image size, and PSNR against it on "
    )
    return Table(rows, caption + "held-out pairs. " + " ".join(said) if said else "No benchmark was run yet.")


def _metric(record: Record, name: str) -> dict:
    return in_order(look_up(record, f"metrics.{name}") or {})


def _rounds(record: Record) -> object:
    return look_up(record, "parameters.rounds")


def _how(record: Record) -> str:
    return f"{_rounds(record)} rounds on {hardware(record)}." if record else "no record yet."


def _failures(record: Record) -> str:
    return "".join(f" Failed: {way} ({reason})." for way, reason in _metric(record, "failed").items())


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"


def _whole(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f}"


def _signed(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:+.{digits}f}"  # no minus before a zero
