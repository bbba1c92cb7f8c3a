"""A decoder whose attention is written out, as in checkpoints made for transformers 4: nothing can be registered for it."""

import torch
from torch import nn
from transformers import Qwen2Config
from transformers.modeling_outputs import CausalLMOutput
from transformers.modeling_utils import PreTrainedModel


class OwnAttention(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        self.wqkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        if config.architectures[0] == "Phi3ForCausalLM":
            self.layer_idx, self.is_causal = index, True

    def forward(self, hidden, mask):
        query, key, value = self.wqkv(hidden).chunk(3, dim=-1)
        logits = query @ key.transpose(1, 2) * query.shape[-1] ** -0.5
        return logits.masked_fill(~mask, torch.finfo(logits.dtype).min).softmax(-1) @ value


class OwnLayer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        self.attention = OwnAttention(config, index)
        self.norm = nn.LayerNorm(config.hidden_size)

    def forward(self, hidden, mask):
        return hidden + self.attention(self.norm(hidden), mask)


class OwnPreTrainedModel(PreTrainedModel):
    config_class = Qwen2Config
    base_model_prefix = "model"


class OwnModel(OwnPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(OwnLayer(config, index) for index in range(config.num_hidden_layers))

    def forward(self, inputs_embeds, attention_mask):
        length = inputs_embeds.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=inputs_embeds.device).tril()
        mask = causal & attention_mask.bool()[:, None, :]
        hidden = inputs_embeds
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden


class OwnForCausalLM(OwnPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.model = OwnModel(config)
        self.output = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    def get_input_embeddings(self):
        return self.model.tok_embeddings

    def forward(self, inputs_embeds, attention_mask, use_cache=None):
        return CausalLMOutput(logits=self.output(self.model(inputs_embeds, attention_mask)))
