"""The gate at and around its borders."""

from __future__ import annotations

import math

import pytest

from eagle_core.config import CaasConfig
from eagle_core.records import Threshold
from eagle_core.threshold.gate import gate_is_open


def threshold(tau: float, s_max: float, sigma: float = 0.5) -> Threshold:
    return Threshold(tau, s_max, "kappa_sigma", 1.0, sigma, tau, tau, 0.0, (1.0,))


@pytest.mark.parametrize(
    ("score", "expected"),
    [(2.0, True), (3.0, True), (2.5, True), (math.nextafter(2.0, 0), False), (math.nextafter(3.0, 4), False)],
)
def test_paper_gate_is_the_closed_interval(score, expected):
    assert gate_is_open(score, threshold(2.0, 3.0), CaasConfig(gate="paper")) is expected


def test_paper_gate_never_opens_on_an_empty_interval():
    assert not any(gate_is_open(s, threshold(3.0, 2.0), CaasConfig(gate="paper")) for s in (1.9, 2.0, 2.5, 3.0, 3.1))


@pytest.mark.parametrize(("score", "expected"), [(1.0, True), (3.0, True), (2.0, True), (0.99, False), (3.01, False)])
def test_symmetric_gate_is_gate_width_sigmas_on_both_sides(score, expected):
    # tau 2, two sigmas of 0.5: [1, 3], whatever s_max is.
    config = CaasConfig(gate="symmetric", gate_width=2.0)
    assert gate_is_open(score, threshold(2.0, 0.0), config) is expected


def test_always_is_open_even_far_from_tau():
    assert all(gate_is_open(s, threshold(3.0, 2.0), CaasConfig(gate="always")) for s in (0.0, 2.5, 100.0))
