"""How the embedded MLLM was trained. Nothing else of the package needs it."""
