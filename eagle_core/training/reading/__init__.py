"""The language stage: scenes in words, questions about them, and how the decoder learns to read them. No images here."""
