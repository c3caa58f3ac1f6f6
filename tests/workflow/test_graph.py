"""The matrix that ships: its runs by tier, its targets, and how words change it."""

from dataclasses import replace

import pytest

from workflow import ROOT, Problem
from workflow.graph import load, load_tier
from workflow.places import Places, tiers
from workflow.words import parse

NETWORKS = ["lmfn", "lmfn-without-mshf", "lmfn-without-distillation", "lmfn-without-attention"]
NETWORKS += [f"lmfn-n{n}" for n in (1, 2, 3, 5, 6)]
LFDN = ["lfdn", "lfdn-without-all", "lfdn-without-attention", "lfdn-rfdb", "lfdn-cnn", "lfdn-without-mshf"]
LFDN += [f"lfdn-theta-{t}" for t in ("0p002", "0p001", "0", "minus-0p001", "minus-0p002", "minus-0p0015")]
LFDN += ["lfdn-theta-minus-0p0008"]
LFDN += [f"lfdn-alpha-{a}" for a in ("0p3", "0p2", "0p1", "0", "0p1724", "0p1137")]
LFDN += [f"lfdn-n{n}" for n in (1, 2, 3, 5, 6)]
OTHERS = ["lmfn-alfm-positions", "lmfn-alfm-cosine", "lmfn-without-alfm", "lmfn-aspp", "lmfn-pyramid-pooling"]
OTHERS += ["lmfn-global-pooling", "lmfn-spatial-attention", "nafnet-small"]


def graph(tier, **words):
    return load(Places(ROOT, ROOT / "reports", tier), load_tier(ROOT, tier), words)


def names(tier, only):
    return [run.name for run in graph(tier).select(only)]


def test_tiers_come_small_to_large():
    assert tiers(ROOT) == ["smoke", "lesson", "study", "weights", "bench", "paper"]


def test_runs_of_the_lesson():
    others = ["start", "teaching", "profiling", "blur", "parts", "distillation", "mshf", "attention", "assembling"]
    others += ["lfdn", "drift", "train-lmfn", "evaluation", "shipped"]
    rows = [f"ablate-{network}" for network in (*NETWORKS, "lfdn")]
    assert names("lesson", None) == [*others, *rows, "recipe-published", "recipe-modern", "ablation", "report"]


def test_every_network_of_the_graph_can_be_built():
    from lmfn_core import networks

    used = {run.parameters["network"] for run in graph("lesson").runs.values() if "network" in run.parameters}
    assert used == {*NETWORKS, *LFDN, *OTHERS} and used <= set(networks())
    assert set(networks()) - used == {"lmfn-published", "lmfn-n4", "lfdn-n4"}, "the rest has a run"


def test_a_tier_leaves_runs_to_an_only_that_names_them():
    compared = [f"compare-{network}" for network in OTHERS]
    assert not set(compared) & set(names("lesson", "claims")), "the target * is what the tier runs by itself"
    assert [n for n in names("lesson", "alternatives") if n.startswith("compare")] == compared
    assert names("lesson", "compare-lmfn-aspp") == ["compare-lmfn-aspp"]
    assert set(compared) <= set(names("smoke", None)), "smoke proves that every network still trains"
    assert f"{compared[0]}-s2" in names("study", None)
    rows = {f"ablate-{network}" for network in LFDN}
    for tier in ("smoke", "lesson"):
        assert rows & set(names(tier, None)) == {"ablate-lfdn"}, "the second paper's rows are for larger tiers"
    assert all(rows <= set(names(tier, None)) for tier in ("study", "bench", "paper"))


def test_compared_networks_are_trained_like_the_rows_they_are_compared_with():
    for tier in tiers(ROOT):
        runs = graph(tier).runs
        usual = runs["ablate-lmfn"].parameters
        for network in OTHERS:
            other = runs[f"compare-{network}"].parameters
            same = set(usual) - {"run", "out", "network"} - ({"image_skip"} if network == "nafnet-small" else set())
            assert {k: usual[k] for k in same} == {k: other[k] for k in same}


def test_lesions_begin_with_the_shipped_weights_and_are_trained_alike():
    from lmfn_core.training.asked import begin

    for tier in tiers(ROOT):
        runs = {name: run for name, run in graph(tier).runs.items() if name.startswith("lesion-")}
        usual = {k: v for k, v in runs["lesion-lmfn"].parameters.items() if k not in ("run", "out", "network", "seed")}
        assert all({k: run.parameters[k] for k in usual} == usual for run in runs.values())
    for name in {run.parameters["network"] for run in runs.values()}:
        assert begin(usual | {"network": name}).image_skip, "every part of it is there"
    assert not any(name.startswith("lesion") for tier in ("lesson", "weights", "paper") for name in names(tier, None))


def test_rivals_are_those_of_the_table_and_are_trained_alike():
    from lmfn_core.evidence.rivals import RIVALS

    placed = {f"anew-{place}-{network}" for place, competing in RIVALS.items() for network in competing}
    for tier in tiers(ROOT):
        runs = {name: run for name, run in graph(tier).runs.items() if name.startswith("anew-")}
        assert placed == {name for name in runs if name[-3:-1] != "-s"}
        for name, run in runs.items():
            place, own = name.split("-")[1], {k: run.parameters[k] for k in ("start", "anew", "recipe", "steps")}
            usual = runs[f"anew-{place}-lmfn"].parameters
            assert own == {k: usual[k] for k in own} and own["anew"] == place
    assert not any(name.startswith("anew") for tier in ("lesson", "weights", "paper") for name in names(tier, None))


def test_a_skip_that_fits_nothing_is_a_problem():
    tier = load_tier(ROOT, "lesson") | {"skip": ["compar-*"]}
    with pytest.raises(Problem, match="'compar-\\*', which fits no run"):
        load(Places(ROOT, ROOT / "reports", "lesson"), tier)


def test_later_seeds_are_named_and_only_they():
    bench = graph("bench").runs
    assert [bench[f"ablate-lmfn-n1{s}"].parameters["seed"] for s in ("", "-s1", "-s2")] == [0, 1, 2]
    assert bench["recipe-published-s2"].parameters["recipe"] == "paper"


def test_a_word_takes_the_place_of_the_tiers_seeds():
    runs = graph("bench", seed="7").runs
    assert runs["ablate-lmfn"].parameters["seed"] == 7 and "ablate-lmfn-s1" not in runs


def test_what_trains_or_measures_on_a_card_claims_one():
    runs = graph("lesson").runs.values()
    claiming = {run.notebook for run in runs if run.cards == 1}
    assert claiming == {"07_profiling", "08_training"} == {run.notebook for run in runs if run.gpu}
    assert not any(replace(run, parameters={"device": "cpu"}).cards for run in runs)


def test_the_tiers_that_ship_leave_the_data_to_the_notebooks():
    assert not any("data" in run.parameters for tier in tiers(ROOT) for run in graph(tier).runs.values())


def test_a_tier_may_list_data_sets_and_later_ones_are_named():
    tier = load_tier(ROOT, "study") | {"data": ["bundled", "/data/Kodak 24"], "seeds": [0, 1]}
    places = Places(ROOT, ROOT / "reports", "study")
    runs = load(places, tier).runs
    some = ("ablate-lmfn-n1", "evaluation-derain")
    found = {name: run.parameters["data"] for name, run in runs.items() if name.startswith(some)}
    assert found == {
        "evaluation-derain": "bundled",
        "evaluation-derain@kodak-24": "/data/Kodak 24",
        "ablate-lmfn-n1": "bundled",
        "ablate-lmfn-n1@kodak-24": "/data/Kodak 24",
        "ablate-lmfn-n1-s1": "bundled",
        "ablate-lmfn-n1-s1@kodak-24": "/data/Kodak 24",
    }
    chosen = load(places, tier, {"data": "/mine"}).runs  # what DATA= does
    assert chosen["ablate-lmfn-n1-s1"].parameters["data"] == "/mine" and not any("@" in name for name in chosen)


def test_two_data_sets_of_one_name_are_a_problem():
    tier = load_tier(ROOT, "smoke") | {"data": ["bundled", "/a/kodak", "/b/kodak"]}
    with pytest.raises(Problem, match="two of its combinations are named train-lmfn@kodak"):
        load(Places(ROOT, ROOT / "reports", "smoke"), tier)


def test_each_table_selects_its_own_rows():
    assert names("lesson", "table3") == [*(f"ablate-{n}" for n in NETWORKS[:4]), "ablation", "report"]
    assert names("bench", "table4")[:3] == ["ablate-lmfn", "ablate-lmfn-s1", "ablate-lmfn-s2"]
    assert names("lesson", "table4") == ["ablate-lmfn", *(f"ablate-{n}" for n in NETWORKS[4:]), "ablation", "report"]
    assert names("bench", "lfdn-table6")[:2] == ["assembling", "ablate-lfdn"]
    assert names("lesson", "lfdn-table6") == ["assembling", *(f"ablate-{n}" for n in LFDN[:6]), "report"]
    for table, part in ((7, "theta"), (8, "alpha"), (9, "-n")):
        rows = [name for name in names("lesson", f"lfdn-table{table}") if name.startswith("ablate")]
        assert rows == ["ablate-lfdn", *(f"ablate-{network}" for network in LFDN[1:] if part in network[4:])]
    assert names("lesson", "conventions") == ["train-lmfn", "evaluation", "report"]
    assert names("lesson", "readme") == names("lesson", None)
    assert names("lesson", "report") == ["report"]


def test_the_report_comes_last_and_waits_for_all():
    report = graph("lesson").runs["report"]
    assert report.needs == () and len(report.after) == len(graph("lesson").runs) - 1


def test_plumbing_is_relative_inside_the_repository():
    runs = graph("smoke").runs
    checkpoint = runs["evaluation"].parameters["checkpoint"]
    assert checkpoint == "../reports/executed/smoke/train-lmfn/weights/train-lmfn.safetensors"
    assert runs["train-lmfn"].parameters["out"] == "../reports/executed/smoke/train-lmfn"


def test_ablation_rows_are_shorter_than_the_main_run():
    for tier in ("lesson", "bench"):
        runs = graph(tier).runs
        assert runs["ablate-lmfn"].parameters["steps"] < runs["train-lmfn"].parameters["steps"]


def test_published_form_at_the_paper_tier():
    assert load_tier(ROOT, "paper")["needs_data"] == "GoPro"
    train = graph("paper").runs["train-lmfn"].parameters
    assert (train["recipe"], train["image_skip"]) == ("paper", False)


def test_empty_values_count_as_not_given():
    call = parse(["TIER=", "ONLY=", "DATA="])
    assert (call.tier, call.only, call.data) == ("lesson", None, None)


def test_a_path_of_the_call_becomes_absolute():
    assert parse(["OUT=some where"]).out.is_absolute()


def test_deraining_is_one_word_at_every_tier_and_no_run_of_the_others():
    wanted = ["train-derain", "evaluation-derain", "shipped-derain", "report"]
    for tier in ("smoke", "lesson", "bench"):
        call = parse([f"TIER={tier}", "TASK=derain"])
        found = graph(tier).select(call.only)
        assert [run.name for run in found] == wanted
        assert [run.parameters["task"] for run in found[:2]] == ["derain", "derain"]
        by_itself = {run.name for run in graph(tier).select(None)}
        assert by_itself.isdisjoint(wanted[:2]) == (tier != "smoke")
    tier = load_tier(ROOT, "bench") | {"data": ["bundled", "/data/b"]}
    assert not [run for run in load(Places(ROOT, ROOT / "reports", "bench"), tier).select(None) if "derain" in run.name]


def test_a_task_is_known_and_stands_alone():
    assert parse(["TASK=deblur", "ONLY=table3"]).only == "table3" and parse(["TASK=deblur"]).only is None
    with pytest.raises(Problem, match="TASK=derian is unknown; did you mean derain"):
        parse(["TASK=derian"])
    with pytest.raises(Problem, match="TASK=derain names its own runs: leave ONLY=table3 out"):
        parse(["TASK=derain", "ONLY=table3"])


def test_unknown_key_is_a_problem():
    with pytest.raises(Problem, match="JOB= is unknown; did you mean JOBS"):
        parse(["JOB=2"])
