"""What a named experiment is.

Its variants are values by dotted key over the profile of params.yaml that has its name, which lies over the profile of
the data (``demo``, ``mvtec``, …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from eagle_core.errors import ConfigurationError

Output = Literal[
    "accuracy_by_novelty",
    "alpha_curve",
    "answer_counts",
    "attention_ratios",
    "attention_sheets",
    "calibration",
    "cases",
    "contact_sheets",
    "coreset_shares",
    "expert_ranking",
    "gate_effect",
    "option_dynamics",
    "prior_following",
    "question_counts",
    "score_plots",
    "template_gain",
    "threshold_rates",
    "visual_mass",
]
"""What is written beside the table that every experiment writes."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One row, or one group of rows, of an experiment's table."""

    label: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A named experiment; its profile in params.yaml has its name."""

    name: str
    question: str
    """One sentence."""
    variants: tuple[Variant, ...] = (Variant("as configured"),)
    outputs: tuple[Output, ...] = ()

    def only(self, labels: Sequence[str]) -> Experiment:
        """The same with the variants that one of ``labels`` names (``*`` stands for anything); all where it is empty.

        Raises:
            ConfigurationError: One of ``labels`` names none; the message lists the variants.
        """
        for label in labels:
            if not any(fnmatchcase(variant.label, label) for variant in self.variants):
                known = "; ".join(variant.label for variant in self.variants)
                raise ConfigurationError(f"experiment {self.name} has no variant {label!r}; there are: {known}")
        chosen = tuple(v for v in self.variants if not labels or any(fnmatchcase(v.label, label) for label in labels))
        return replace(self, variants=chosen)
