"""The paper's numbers beside ours: spot checks against the paper's tables, and their shape."""

from __future__ import annotations

import pytest

from eagle_core.experiments.catalogue import experiment_named
from eagle_core.experiments.published import published_table


@pytest.mark.parametrize(
    ("name", "setting", "dataset", "value"),
    [
        ("eagle-table3", "visual + textual", "mvtec_ad", 93.1),
        ("eagle-table4", "visual", "visa", 86.7),
        ("eagle-table1", "LLaVA-NeXT 7B, EAGLE", "mvtec_ad", 92.1),
        ("echo-table1", "Qwen2-VL 7B, Echo", "visa", 76.79),
        ("echo-table1", "Random Chance", "mvtec_ad", 50.0),
        ("echo-table2", "Qwen2-VL 2B, domain knowledge", "both", 45.10),
        ("echo-table3", "without reference", "both", 78.70),
        ("echo-table4", "Qwen2-VL 7B, retrieved 1-shot", "both", 5.99),
    ],
)
def test_numbers_are_the_papers(name, setting, dataset, value):
    table = published_table(name)
    [values] = [values for s, d, values in table.rows if (s, d) == (setting, dataset)]
    assert values[0] == value


TABLES = [f"{paper}-table{number}" for paper in ("eagle", "echo") for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_every_metric_in_percent(name):
    table = published_table(name)
    assert table.label in {"paper", "as published"}
    for _, _, values in table.rows:
        assert len(values) == len(table.metrics)
        assert all(0 <= value <= 100 for value in values if value == value)


@pytest.mark.parametrize("name", ["eagle-table3", "eagle-table4", "echo-table3"])
def test_settings_have_the_names_of_our_variants(name):
    variants = {variant.label for variant in experiment_named(name).variants}
    assert {setting for setting, _, _ in published_table(name).rows} == variants


def test_figures_have_no_published_numbers():
    assert published_table("eagle-fig10") is None


def test_echos_tables_agree_with_one_another():
    """Table 3's first row is the mean of both datasets in Table 1; its averages are those of its ten values."""
    table = {(setting, dataset): values for setting, dataset, values in published_table("echo-table1").rows}
    ours = [table["Qwen2-VL 7B, Echo", dataset][:5] for dataset in ("mvtec_ad", "visa")]
    [ablation] = [values for setting, _, values in published_table("echo-table3").rows if setting == "all modules"]
    assert ablation == pytest.approx([(a + b) / 2 for a, b in zip(*ours, strict=True)], abs=0.006)
    for setting in {name for name, _ in table}:
        values = [*table[setting, "mvtec_ad"][:5], *table[setting, "visa"][:5]]
        assert table[setting, "both"][5] == pytest.approx(sum(values) / 10, abs=0.006), setting
