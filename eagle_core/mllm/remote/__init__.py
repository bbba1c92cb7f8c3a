"""MLLMs whose code comes with their checkpoints: opt-in, pinned, embedded by their own methods. No class of transformers'."""
