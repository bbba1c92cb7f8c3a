"""Names of categories with brackets stay whole in the terminal's tables, in headers as in cells."""

from __future__ import annotations

import io

from rich.console import Console

from eagle_core.evaluation.table import ComparisonTable
from flows.cli.results import as_rich


def test_brackets_of_a_category_stay() -> None:
    name = "part [a] [bold] #2 & <b>"
    table = ComparisonTable("odd", "balanced_accuracy", ("MLLM", "method", name), (("–", "expert alone", name),), ())
    out = io.StringIO()
    Console(file=out, width=160).print(as_rich(table))
    assert out.getvalue().count(name) == 2
