"""From normal scores to tau and s_max, one rule a file, and the gate. Knows no images and no expert."""
