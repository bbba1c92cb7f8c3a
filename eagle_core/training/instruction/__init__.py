"""The instruction stage: the aligned model learns to answer the real prompts, by letter and in a sentence. No captions here."""
