"""Ways of asking, one file each, from a prediction to a record: where specialists and MLLM meet. No files, no tables."""
