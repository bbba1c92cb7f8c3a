"""How answers are best asked for: option logits against generated text, and five questions about the same images.

Physics. Reading the options' logits needs one prefill; generating N tokens needs N more passes over all weights, each
for one token a row. Five questions about three images share nearly all tokens: prefilled once, the rest is a few
dozen tokens each, so that five questions should cost little more than one.

Ratios within one run; the embedded model unless another folder is given. Random images of the demo's size.

    python benchmarks/answering.py --batches 1 4 16 --tokens 128
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from eagle_core.config import MllmConfig
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.loading import load_model
from eagle_core.records import Prompt, Question

TEXTS = (
    "Is there any defect in the object?",
    "There is a defect in the object. What is the type of the defect?",
    "There is a defect in the object. Where is the defect?",
    "There is a defect in the object. What is the appearance of the defect?",
    "There is a defect in the object. What is the effect of the defect?",
)


def image(seed: int, size: int) -> Image.Image:
    """Random pixels."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8))


def prompts(count: int, size: int) -> list[Prompt]:
    """EAGLE's three-image prompts about different images."""
    return [
        build_prompt(
            DEFECT_QUESTION,
            image(3 * n, size),
            templates=[image(3 * n + 1, size)],
            predicted_anomalous=True,
            boxed_query=image(3 * n + 2, size),
        )
        for n in range(count)
    ]


def five_questions(size: int) -> list[Prompt]:
    """Five questions about the same three images."""
    options = (("A", "One."), ("B", "Two."), ("C", "Three."), ("D", "Four."))
    asked = [Question(f"q{n}", "defect_analysis", text, options) for n, text in enumerate(TEXTS)]
    images = {"templates": [image(1, size)], "boxed_query": image(2, size)}
    return [build_prompt(q, image(0, size), predicted_anomalous=True, **images) for q in asked]


def fastest(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of ``repeats`` runs after one that warms up."""
    run()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = []
    for batch in args.batches:
        model = load_model(MllmConfig(model=args.model, device=args.device, dtype=args.dtype, batch_size=batch))
        assert isinstance(model, TransformersChatModel)
        # Generation must not end early: every row is to produce all tokens.
        model.model.generation_config.eos_token_id = None
        asked = prompts(batch, args.size)
        logits = fastest(lambda model=model, asked=asked: model.answer(asked), args.repeats)
        text = fastest(lambda model=model, asked=asked: model.generate(asked, max_new_tokens=args.tokens), 1)
        rows.append({"batch": batch, "logits_s": logits, "text_s": text, "ratio": text / logits})
        print(f"batch {batch:>2}: logits {logits:.3f} s, {args.tokens} tokens of text {text:.3f} s: {text / logits:.1f} times", flush=True)
    model = load_model(MllmConfig(model=args.model, device=args.device, dtype=args.dtype, batch_size=5))
    assert isinstance(model, TransformersChatModel)
    five = five_questions(args.size)
    shared = fastest(lambda: model.answer(five), args.repeats)
    one = fastest(lambda: model.answer(five[:1]), args.repeats)
    model.adapter = dataclasses.replace(model.adapter, shares_prefix=False)
    apart = fastest(lambda: model.answer(five), args.repeats)
    print(f"five questions: shared prefix {shared:.3f} s, separate {apart:.3f} s: {apart / shared:.1f} times; one question {one:.3f} s")
    print(json.dumps({"answering": rows, "five_shared_s": shared, "five_separate_s": apart, "one_s": one}))


if __name__ == "__main__":
    main()
