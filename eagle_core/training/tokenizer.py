"""The embedded model's tokenizer: byte-level BPE over the project's own prompt texts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from eagle_core.data.questions import questions_for
from eagle_core.data.scene import DEFECT_KINDS, PLACES, DefectRecord, SceneRecord, place_of, severity_of
from eagle_core.guidance import explanation, prompt
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.scenes.objects import OBJECTS
from eagle_core.training.scenes.textures import TEXTURES

VOCABULARY = 1024
SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
OBJECT_NAMES = tuple(name for name, _ in (*TEXTURES.values(), *OBJECTS.values()))
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Train it on the texts of prompts and answers; deterministic. What came later (statements, Echo's steps) is read in shorter tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        extra_special_tokens={"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
    )


def _texts() -> Iterator[str]:
    for templates in range(4):
        for boxed in (False, True):
            yield prompt.system_text(templates, boxed)
        yield prompt.template_caption(max(1, templates))
    yield from (prompt.NORMAL_PRIOR, prompt.ANOMALOUS_PRIOR, prompt.BOX_SENTENCE, prompt.INSTRUCTION)
    yield from (explanation.SYSTEM, explanation.REQUEST, explanation.NO_DEFECT)
    yield "Query image:\nQuery image with red bounding boxes:\nsystem\nuser\nassistant\nA B C D"
    rng = np.random.default_rng(0)
    kinds = list(DEFECT_KINDS)
    for index in range(4 * len(kinds) * len(PLACES)):
        strength = float(rng.random())
        place = place_of(float(rng.integers(90)), float(rng.integers(90)), 90, 90)
        defect = DefectRecord(kinds[index % len(kinds)], place, severity_of(strength), strength, (0, 0, 1, 1))
        name, color = str(rng.choice(OBJECT_NAMES)), str(rng.choice(list(COLOR_WORDS)))
        scene = SceneRecord("product", name, "object", color, defect)
        yield explanation.explanation_of(scene)
        for question in questions_for(scene, OBJECT_NAMES, tuple(COLOR_WORDS), rng):
            yield prompt.question_text(question)
