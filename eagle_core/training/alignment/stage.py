"""The alignment stage: projector and decoder learn captions of what the frozen tower sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eagle_core.training.acuity import AcuityHeads, Seen
from eagle_core.training.alignment.architecture import SEEING_LAYERS, tokens_of
from eagle_core.training.alignment.captions import CaptionEncoder, draw_examples
from eagle_core.training.alignment.supervision import SeenDefects, ToldScenes, comparing_loss
from eagle_core.training.architecture import READER
from eagle_core.training.loop import Schedule, train
from eagle_core.training.precision import fast_products
from eagle_core.training.reading.encoding import IGNORED, line_encoder
from eagle_core.training.reading.lines import draw_lines
from eagle_core.training.reading.stage import reading_loss
from eagle_core.training.reading.supervision import Binding

BATCH = 8
CAPTION_WEIGHT = 6.0
"""Most of a caption's tokens are the same in every caption."""
MIDDLE = SEEING_LAYERS + 2
"""The layer before which the decoder must know what is seen: early enough for those above to read it as they read words."""
COMPARING = SEEING_LAYERS - 1
"""The layer in which the query is compared with the template."""
BOUND = SEEING_LAYERS + READER.layers // 2
"""The layer before which an answer must be known in words, as in the language stage."""
TEXT_TOKENS, READING_WEIGHT = 1024, 2.0
"""Lines of the language stage go on in every batch: without them all that it taught is forgotten."""


def train_alignment(
    model: FastVlmForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    seen: Seen,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Train cell reader, projector and decoder of ``model`` in place on what its tower sees of the training categories."""
    decoder, projector = model.model.language_model, model.model.multi_modal_projector
    defects, binding = SeenDefects(decoder.config.hidden_size, seen.grid, seed), Binding(decoder.config.hidden_size, seed)
    encoder, encode = CaptionEncoder(tokenizer, seen.grid**2), line_encoder(tokenizer)
    is_defective, is_counted = seen.is_defective()

    def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
        examples = draw_examples(seen.scenes, rng, BATCH)
        batch = encoder.encode(examples)
        chosen, odd = [e.category for e in examples], np.array([[e.defective] for e in examples])
        told = ToldScenes.of([seen.scenes[e.category][int(e.defective)] for e in examples])
        raw = np.stack([seen.features[name][e.category] for e in examples for name in e.images])
        with fast_products():
            visual = projected(model, torch.from_numpy(raw).float())
            output = model.model(
                input_ids=batch.input_ids,
                mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual)},
                use_cache=False,
                output_hidden_states=True,
            )
        states, between = output.last_hidden_state[:, :-1].float(), output.hidden_states[MIDDLE].float()
        labels = batch.labels[:, 1:]
        said = labels != IGNORED
        captions = functional.cross_entropy(model.lm_head(states[said]), labels[said])
        after = output.hidden_states[MIDDLE + 1].float()
        taught = defects.loss(
            decoder, between, after, MIDDLE, batch.query_at, torch.from_numpy(is_defective[chosen] & odd),
            torch.from_numpy(is_counted[chosen] | ~odd), told, batch.is_claim,
        )  # fmt: skip
        if len(examples[0].images) > 1:
            first = int(torch.nonzero(batch.input_ids[0] == encoder.image)[0, 0])
            taught = taught + comparing_loss(decoder, output.hidden_states[COMPARING].float(), COMPARING, first, batch.query_at, seen.grid**2)
        read = reading_loss(decoder, model.lm_head, binding, encode(draw_lines(rng, 1.0, TEXT_TOKENS)), BOUND, rng)
        return CAPTION_WEIGHT * captions + taught + READING_WEIGHT * read

    trained = {"decoder": decoder, "projector": projector, "reader": tokens_of(model).reader, "defects": defects, "binding": binding}
    train(
        nn.ModuleDict(trained), loss, schedule, seed=seed, checkpoint=checkpoint, taught=what_reads(model), progress=progress,
        about={"categories": len(seen.scenes)},
    )  # fmt: skip


def what_reads(model: FastVlmForConditionalGeneration) -> nn.Module:
    """What the language stage has taught: words, the layers that read them, the last norm."""
    decoder = model.model.language_model
    return nn.ModuleList([decoder.embed_tokens, *decoder.layers[SEEING_LAYERS:], decoder.norm])


def start_from(model: FastVlmForConditionalGeneration, heads: AcuityHeads) -> None:
    """Let cell reader and projector of ``model`` begin as those that ``heads`` were trained with; places are as they were."""
    tokens_of(model).reader.load_state_dict(heads.reader.state_dict())
    trained, projector = heads.projector.state_dict(), model.model.multi_modal_projector
    with torch.no_grad():
        projector.linear_1.weight[:, : trained["0.weight"].shape[1]] = trained["0.weight"]
        projector.linear_1.bias.copy_(trained["0.bias"])
        projector.linear_2.weight.copy_(trained["2.weight"])
        projector.linear_2.bias.copy_(trained["2.bias"])


def projected(model: FastVlmForConditionalGeneration, raw: torch.Tensor) -> torch.Tensor:
    """What the frozen stages say of cells, ``(B, cells, channels)``, as the decoder is given it: ``(B, tokens, hidden)``."""
    network = tokens_of(model)
    side = network.grid * network.cells
    maps = raw.transpose(1, 2).unflatten(2, (side, side))
    return torch.as_tensor(model.model.multi_modal_projector(network.finished(maps).flatten(2).transpose(1, 2)))
