"""The alignment stage: the decoder that has learnt to read learns to say what a frozen vision tower sees. No questions here."""
