"""Loading and asking MLLMs: families, prompts as tensors, answers read. Knows no expert, no threshold, no method."""
