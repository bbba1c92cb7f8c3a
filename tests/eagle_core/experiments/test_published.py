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
    ],
)
def test_numbers_are_the_papers(name, setting, dataset, value):
    table = published_table(name)
    [values] = [values for s, d, values in table.rows if (s, d) == (setting, dataset)]
    assert values[0] == value


@pytest.mark.parametrize("name", ["eagle-table1", "eagle-table2", "eagle-table3", "eagle-table4"])
def test_every_row_has_every_metric_in_percent(name):
    table = published_table(name)
    assert table.label in {"paper", "as published"}
    for _, _, values in table.rows:
        assert len(values) == len(table.metrics)
        assert all(0 <= value <= 100 for value in values if value == value)


@pytest.mark.parametrize("name", ["eagle-table3", "eagle-table4"])
def test_settings_have_the_names_of_our_variants(name):
    variants = {variant.label for variant in experiment_named(name).variants}
    assert {setting for setting, _, _ in published_table(name).rows} == variants


def test_figures_have_no_published_numbers():
    assert published_table("eagle-fig10") is None
