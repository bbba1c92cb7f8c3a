"""What the MLLM is told: boxes, prior sentence, prompt, explanation. No model is asked here."""
