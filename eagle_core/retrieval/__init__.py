"""Nearest normal images: encoders, index, templates. Knows no MLLM and no question."""
