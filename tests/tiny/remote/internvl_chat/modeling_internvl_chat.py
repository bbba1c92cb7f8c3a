"""A small model with the public interface of InternVL2's, and its habits: no ``post_init``, nothing said about SDPA."""

from torch import nn
from transformers import Qwen2ForCausalLM
from transformers.modeling_utils import PreTrainedModel

from .configuration_internvl_chat import InternVLChatConfig
from .conversation import get_conv_template
from .modeling_own_decoder import OwnForCausalLM

PATCH = 14


class InternVLChatModel(PreTrainedModel):
    config_class = InternVLChatConfig
    main_input_name = "pixel_values"
    base_model_prefix = "language_model"

    def __init__(self, config):
        super().__init__(config)
        self.num_image_token = (config.force_image_size // PATCH) ** 2
        width = config.llm_config.hidden_size
        self.vision_model = nn.Conv2d(3, width, PATCH, PATCH)
        self.mlp1 = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))
        own = config.llm_config.architectures[0] != "Qwen2ForCausalLM"
        self.language_model = (OwnForCausalLM if own else Qwen2ForCausalLM)(config.llm_config)
        self.conv_template = get_conv_template(config.template)

    def extract_feature(self, pixel_values):
        return self.mlp1(self.vision_model(pixel_values).flatten(2).transpose(1, 2))
