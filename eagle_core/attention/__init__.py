"""Guided attention inside the LLM: scaling, scope, registry, ratio, lens. Tensors only: no model's name, no prompt."""
