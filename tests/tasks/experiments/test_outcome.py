"""The catalogue against params.yaml and against what knows how to write its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from eagle_core.errors import ConfigurationError
from eagle_core.experiments.catalogue import CATALOGUE, experiment_named
from eagle_core.experiments.experiment import Output
from eagle_core.experiments.results_text import shown
from tasks.experiments.outcome import DRAWN_TABLES, FIGURES, OBSERVED, TABLES, points_of_experiment

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.mark.parametrize("experiment", CATALOGUE, ids=lambda e: e.name)
def test_every_variant_is_a_configuration_of_its_own(experiment):
    points = points_of_experiment(PARAMS, experiment, "demo", {})
    assert [p.label for p in points] == [v.label for v in experiment.variants]
    described = {p.config.model_dump_json() for p in points}
    assert len(described) == len(points), "two variants are the same configuration"


def test_every_output_is_written_by_exactly_one_function():
    writers = [*TABLES, *OBSERVED, *FIGURES, *DRAWN_TABLES]
    assert sorted(writers) == sorted(get_args(Output))


def test_names_are_distinct_and_an_unknown_one_lists_them():
    names = [e.name for e in CATALOGUE]
    assert len(set(names)) == len(names)
    with pytest.raises(ConfigurationError, match=r"no experiment 'table9'; there are: eagle-table1"):
        experiment_named("table9")


def test_only_the_variants_that_are_named():
    experts = experiment_named("experts")
    assert [v.label for v in experts.only(["*Lite1", "PaDiM*"]).variants] == ["PatchCore, EfficientNet-Lite1", "PaDiM, EfficientNet-Lite0"]
    assert experts.only([]) == experts
    with pytest.raises(ConfigurationError, match=r"experiment experts has no variant 'PadIM'; there are: PatchCore, EfficientNet-Lite0; "):
        experts.only(["PaDiM*", "PadIM"])


def test_an_experiments_values_beat_the_users_and_these_beat_the_profile():
    points = points_of_experiment(PARAMS, experiment_named("eagle-fig10"), "demo", {"caas.alpha": 0.25, "threshold.kappa": 2.5})
    assert [p.config.caas.alpha for p in points] == pytest.approx([i / 10 for i in range(11)])
    assert {p.config.threshold.kappa for p in points} == {2.5}


def test_cells_say_where_there_is_no_value():
    assert [shown(v) for v in (None, float("nan"), 0.12345, 3.0, "x", 7)] == ["–", "–", "0.123", "3", "x", "7"]


def test_every_experiment_has_a_deployment_that_runs_it():
    deployed = yaml.safe_load((PARAMS.parent / "prefect.yaml").read_text())["deployments"]
    mine = {d["name"]: d for d in deployed if d["entrypoint"] == "flows/experiment.py:experiment"}
    assert sorted(mine) == sorted(e.name for e in CATALOGUE)
    for name, deployment in mine.items():
        assert deployment["parameters"]["name"] == name
        assert deployment["description"] == experiment_named(name).question
