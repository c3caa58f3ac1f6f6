"""The committed report is what its committed records give, to the byte, and README says nothing else."""

import re
import shlex
from pathlib import Path

import nbformat
import pytest
import torch
from PIL import Image

from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.records import load_records
from lmfn_core.evidence.report import SHOWN, fill_readme, readme_blocks, write_report
from workflow import ROOT, student
from workflow.graph import load, load_tier
from workflow.places import README_TIERS, Places
from workflow.words import parse, settle

REPORTS = ROOT / "reports"
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEDGER = load_ledger(REPORTS / "claims")
RENEW = "run `make reproduce` and commit reports/ and README.md"


def graph(tier):
    return load(Places(ROOT, REPORTS, tier), load_tier(ROOT, tier))


def by_hand(text):
    """README without its generated blocks, its code and the targets of its links."""
    text = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", text, flags=re.DOTALL)
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


@pytest.fixture(scope="module")
def records():
    folder = REPORTS / "runs" / "lesson"
    if not folder.is_dir() or not list(folder.glob("*.json")):
        pytest.fail(f"There are no run records in {folder.relative_to(ROOT)}: {RENEW}.")
    return load_records(folder)


def test_every_run_of_the_lesson_tier_left_its_record(records):
    assert set(records) == {run.name for run in graph("lesson").select(None)}, RENEW
    assert {record["tier"] for record in records.values()} == {"lesson"}


@pytest.mark.parametrize("order", ["as they lie", "backwards"])
def test_tables_and_figures_are_what_the_records_give(records, order, tmp_path):
    if order == "backwards":
        records = dict(reversed(records.items()))
    written = write_report(LEDGER, records, tmp_path / "tables", tmp_path / "figures")
    for kind in ("tables", "figures"):
        committed = {path.name: path.read_bytes() for path in (REPORTS / kind / "lesson").glob("*")}
        fresh = {path.name: path.read_bytes() for path in written if path.parent.name == kind}
        assert sorted(committed) == sorted(fresh), RENEW
        stale = [name for name, content in fresh.items() if committed[name] != content]
        assert not stale, f"{kind} that the records do not give: {', '.join(stale)}; {RENEW}"


@pytest.mark.parametrize("tier", README_TIERS)
def test_the_blocks_of_readme_are_what_the_records_give(tier, tmp_path):
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    folder = REPORTS / "runs" / tier
    records = load_records(folder) if folder.is_dir() else {}  # then the block has to say that there are none
    assert fill_readme(tmp_path / "README.md", LEDGER, records, tier).read_text(encoding="utf-8") == README, RENEW


def test_a_tier_fills_readme_where_it_has_blocks_there():
    assert set(README_TIERS) == set(SHOWN)


def test_no_other_tier_fills_a_row_of_the_paper(records):
    lesson = readme_blocks(LEDGER, records)["results"]
    smoke = {run: record | {"tier": "smoke"} for run, record in records.items()}
    rows = [line for line in readme_blocks(LEDGER, smoke)["results"].splitlines() if "dB |" in line]
    without_scores = ("| – | not attempted here |", "| – | contradicts the paper's own text |")
    assert rows and all(row.endswith(without_scores) for row in rows)
    assert [line for line in lesson.splitlines() if "dB |" in line] == rows


def test_every_decimal_that_was_typed_into_readme_is_in_the_ledger():
    printed = {claim.printed for claim in LEDGER.claims}
    typed = re.findall(r"(?<![\w.])\d[\d,]*\.\d+(?![\w.]*\d)", by_hand(README).replace("Python 3.10", "Python"))
    assert typed and set(typed) <= printed, sorted(set(typed) - printed)


@pytest.mark.parametrize("unit", ["dB", "M", "GMAC", "MB", "ms", "s", "min", "minutes", "seconds", "steps", "parameters"])
def test_every_measured_quantity_in_readme_is_printed_in_the_paper(unit):
    printed = {claim.printed for claim in LEDGER.claims}
    typed = re.findall(rf"(\d[\d.,]*) ?{unit}\b", by_hand(README))
    assert set(typed) <= printed, f"{sorted(set(typed) - printed)} {unit}: a number of ours belongs into a block"


def test_a_typed_number_would_be_seen():
    text = by_hand(README + "\n<!-- tally -->9.99 dB<!-- /tally --> it gains 0.77 dB over `1.11 dB` in 400 steps\n")
    assert "0.77 dB" in text and "400 steps" in text and "9.99" not in text and "1.11" not in text


def test_every_link_of_readme_leads_somewhere(records):
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", README) if not t.startswith("https://")]
    assert len(targets) > 10
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing, missing


def test_the_picture_is_generated_and_holds_no_photograph():
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert picture.startswith("reports/figures/study/") and picture.endswith(".svg")
    for figure in (REPORTS / "figures" / "lesson").glob("*.svg"):
        text = figure.read_text(encoding="utf-8")
        assert "<image" not in text and "base64" not in text, figure.name


def test_readme_lists_every_notebook_under_its_own_name():
    listed = dict(re.findall(r"\[(\w\d · [^\]]+)\]\(notebooks/(\w+)\.ipynb\)", README))
    assert sorted(listed.values()) == [path.stem for path in student.masters()]
    for name, stem in listed.items():
        title = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells[0].source.splitlines()[0]
        assert title.startswith("# " + name.split()[0]) and name.split("· ")[1].lower() in title.lower()


@pytest.mark.parametrize("line", re.findall(r"`make reproduce ([^`]+)`", README))
def test_the_runner_takes_every_command_of_readme(line, tmp_path):
    words = [re.sub(r"^DATA=.*", f"DATA={tmp_path}", word) for word in shlex.split(line)]
    call = parse(words)
    assert settle(graph(call.tier).select(call.only), Places(ROOT, REPORTS, call.tier), call)


def test_the_code_in_readme_runs(tmp_path, monkeypatch):
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    Image.new("RGB", (37, 21), "grey").save(tmp_path / "photo.jpg")
    monkeypatch.chdir(ROOT)
    names = {}
    exec(compile(code.replace("photo.jpg", (tmp_path / "photo.jpg").as_posix()), "README.md", "exec"), names)
    assert names["restored"].size == (37, 21) and names["restored"].mode == "RGB"
    assert len(names["model"].blocks) == 4


def test_what_the_decisions_name_exists():
    text = (REPORTS / "decisions.md").read_text(encoding="utf-8")
    paths = re.findall(r"tests/unit/\w+\.py", text)
    assert paths and all((ROOT / path).is_file() for path in paths)
    sentences = re.findall(r"records? ((?:`[\w-]+`(?:, | and )?)+)", text)
    named = {name for sentence in sentences for name in re.findall(r"`([\w-]+)`", sentence)}
    assert {"assembling", "recipe-modern"} <= named <= set(graph("lesson").runs)


def test_the_runs_that_decide_claims_are_runs_of_every_tier():
    named = {claim.check[key] for claim in LEDGER.claims for key in ("run", "instead") if key in claim.check}
    assert named == {"profiling", "train-lmfn"}
    for tier in ("smoke", "lesson", "bench", "paper"):
        assert named | {"assembling"} <= set(graph(tier).runs)


def test_every_decision_has_its_number_once_and_in_order():
    numbers = re.findall(r"^\*\*(\d+)\. ", (REPORTS / "decisions.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)] and len(numbers) > 10


def test_no_report_names_a_folder_of_a_machine():
    for path in Path(REPORTS).rglob("*"):
        if path.suffix in (".md", ".csv", ".json", ".svg", ".yaml") and "executed" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) not in text and "/home/" not in text and "/Users/" not in text, path.name
