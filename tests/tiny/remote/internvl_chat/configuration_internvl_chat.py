from transformers import Qwen2Config
from transformers.configuration_utils import PretrainedConfig


class InternVLChatConfig(PretrainedConfig):
    model_type = "internvl_chat"

    def __init__(self, llm_config=None, force_image_size=28, template="chatml", **kwargs):
        self.llm_config = Qwen2Config(**(llm_config or {}))
        self.force_image_size, self.template = force_image_size, template
        self.min_dynamic_patch, self.max_dynamic_patch, self.use_thumbnail = 1, 3, True
        super().__init__(**kwargs)

    def to_dict(self):
        return {**super().to_dict(), "llm_config": self.llm_config.to_dict()}
