"""A small byte-level BPE over the project's own prompt texts, with every family's special tokens."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from eagle_core.guidance import prompt

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<image>",
    "<video>",
    "<img>",
    "</img>",
    "<IMG_CONTEXT>",
    "<fake_token_around_image>",
    "<global-img>",
    "<end_of_utterance>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 4) for column in range(1, 4)),
)


def tiny_tokenizer(image_token: str, **extra_special_tokens: str) -> PreTrainedTokenizerFast:
    """A tokenizer of about 420 tokens; ``extra_special_tokens`` become attributes, as processors expect."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400 + len(SPECIAL_TOKENS),
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [prompt.system_text(1, True), prompt.NORMAL_PRIOR, prompt.ANOMALOUS_PRIOR, prompt.BOX_SENTENCE]
    letters = " A B C D" * 50
    tokenizer.train_from_iterator([*texts, prompt.INSTRUCTION, letters, "Yes. No. system user assistant"], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        extra_special_tokens={"image_token": image_token, **extra_special_tokens},
    )
