"""``eagle models``: the multimodal LLMs there are adapters for."""

from __future__ import annotations

from rich.table import Column, Table

from eagle_core.mllm.registry import known_models
from flows.cli.console import plain, wide_console


def models() -> None:
    """List the MLLMs: hub id, size, memory needed, whether weights are on this machine, what was verified,
    and what must be configured for models that bring code of their own.

    Example:

      eagle models
    """
    table = Table("model", Column("hub id or path", no_wrap=True), "size", "memory", "weights here", "verified", "CAAS", Column("needs", no_wrap=True))
    for model in known_models():
        here = "yes" if model.weights_present() else "no"
        needs = "\n".join(model.needs)
        table.add_row(*plain(model.name, model.source, model.size, model.memory, here, model.verified, model.caas, needs))
    wide_console().print(table)
