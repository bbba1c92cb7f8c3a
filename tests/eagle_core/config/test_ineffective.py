"""Keys that change nothing are told, those that do are not."""

from __future__ import annotations

import pytest

from eagle_core.config import EagleConfig
from eagle_core.config.ineffective import without_effect


def config(**sections) -> EagleConfig:
    return EagleConfig.model_validate({"datasets": {"d": {"root": "x"}}, **sections})


@pytest.mark.parametrize(
    ("sections", "key", "told"),
    [
        ({"threshold": {"method": "kappa_sigma"}}, "threshold.false_alarm_rate", True),
        ({"threshold": {"method": "conformal"}}, "threshold.false_alarm_rate", False),
        ({"threshold": {"method": "conformal"}}, "threshold.kappa", True),
        ({"threshold": {"method": "mad"}}, "threshold.kappa", False),
        ({"expert": {"calibration": "unsampled"}}, "expert.folds", True),
        ({"expert": {"calibration": "auto"}}, "expert.folds", False),
        ({"expert": {"calibration": "leave_out"}}, "datasets.d.groups.pattern", True),
        ({"expert": {"calibration": "auto"}}, "expert.min_unsampled_patches", True),
        ({}, "caas.gate_width", True),
        ({"caas": {"gate": "symmetric"}}, "caas.gate_width", False),
    ],
)
def test_told(sections, key, told):
    found = without_effect(config(**sections), [key])
    assert bool(found) == told
    assert all("has no effect with" in sentence for sentence in found)


def test_what_nobody_set_is_not_told():
    assert without_effect(config(), ["caas.alpha", "threshold.method"]) == []
