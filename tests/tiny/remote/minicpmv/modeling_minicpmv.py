"""A small model with the public interface of MiniCPM-V's, and its habits: no ``post_init``, a table made in ``__init__``."""

import torch
from torch import nn
from transformers import Qwen3ForCausalLM, Qwen3PreTrainedModel

from .configuration_minicpm import MiniCPMVConfig

LONGEST = 512


class Resampler(nn.Module):
    """Columns of pixels, one vector each, to ``query_num`` vectors."""

    def __init__(self, config):
        super().__init__()
        width = config.hidden_size
        self.columns = nn.Linear(3 * config.patch_size, width)
        self.queries = nn.Parameter(torch.randn(config.query_num, width))
        steps = torch.arange(LONGEST)[:, None] / 10 ** torch.linspace(0, 3, width)
        self.register_buffer("positions", steps.sin(), persistent=False)

    def forward(self, columns):
        features = self.columns(columns) + self.positions[: len(columns)].to(columns.dtype)
        return (self.queries @ features.T).softmax(-1) @ features


class MiniCPMV(Qwen3PreTrainedModel):
    config_class = MiniCPMVConfig

    def __init__(self, config):
        super().__init__(config)
        self.llm = Qwen3ForCausalLM(config)
        self.resampler = Resampler(config)
        self.terminators = ["<|im_end|>", "<|endoftext|>"]

    def get_vllm_embedding(self, data):
        embedded = self.llm.model.embed_tokens(data["input_ids"])
        vision = []
        for row, (slices, bounds) in enumerate(zip(data["pixel_values"], data["image_bound"], strict=True)):
            columns = [one.flatten(end_dim=1).permute(1, 0).to(embedded.dtype) for one in slices]
            features = torch.stack([self.resampler(one) for one in columns])
            vision.append(features)
            for (first, end), feature in zip(bounds.tolist(), features, strict=True):
                embedded[row, first:end] = feature
        return embedded, vision
