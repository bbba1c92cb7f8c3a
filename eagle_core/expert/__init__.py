"""PatchCore: backbone, coreset, bank, scores, one fitted expert as a file. Knows no threshold and no MLLM."""
