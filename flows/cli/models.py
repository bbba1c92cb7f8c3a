"""``eagle models``: the multimodal LLMs there are adapters for."""

from __future__ import annotations

from rich.table import Table

from eagle_core.mllm.registry import known_models
from flows.cli.console import wide_console


def models() -> None:
    """List the MLLMs: hub id, size, memory needed, whether weights are on this machine, what was verified.

    Example:

      eagle models
    """
    table = Table("model", "hub id or path", "size", "memory", "weights here", "verified", "CAAS")
    for model in known_models():
        table.add_row(
            model.name,
            model.source,
            model.size,
            model.memory,
            "yes" if model.weights_present() else "no",
            model.verified,
            model.caas,
        )
    wide_console().print(table)
