from transformers import Qwen3Config


class MiniCPMVConfig(Qwen3Config):
    model_type = "minicpmv"

    def __init__(self, query_num=4, patch_size=14, **kwargs):
        self.query_num, self.patch_size = query_num, patch_size
        super().__init__(**kwargs)
