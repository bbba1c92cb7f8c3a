"""Small model folders that bring code of their own, with ``auto_map`` as the published checkpoints have it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, PreTrainedTokenizerFast
from transformers.dynamic_module_utils import get_class_from_dynamic_module

from tests.tiny.base import text_config
from tests.tiny.tokenizer import tiny_tokenizer

CODE = Path(__file__).parent
MINICPM_TOKENS = ("</image>", "<slice>", "</slice>", "<image_id>", "</image_id>", "<unk>")
MINICPM_CODE = {
    "AutoConfig": "configuration_minicpm.MiniCPMVConfig",
    "AutoModel": "modeling_minicpmv.MiniCPMV",
}
MINICPM_PROCESSING = {
    "AutoProcessor": "processing_minicpmv.MiniCPMVProcessor",
    "AutoImageProcessor": "image_processing_minicpmv.MiniCPMVImageProcessor",
}
INTERNVL_CODE = {
    "AutoConfig": "configuration_internvl_chat.InternVLChatConfig",
    "AutoModel": "modeling_internvl_chat.InternVLChatModel",
}
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def minicpm(folder: Path, decoder: str = "Qwen3") -> Path:
    """MiniCPM-V 4.5 (decoder Qwen3) or 2.6 (Qwen2)."""
    _copy("minicpmv", folder, Qwen3=decoder)
    tokenizer = tiny_tokenizer("<image>")
    tokenizer.add_tokens(list(MINICPM_TOKENS), special_tokens=True)
    tokenizer.chat_template = CHATML
    size = {"head_dim": 16} if decoder == "Qwen3" else {}
    config = {"_name_or_path": "somebody/original", "model_type": "minicpmv", "auto_map": MINICPM_CODE, **text_config(tokenizer), **size}
    processing = {"auto_map": MINICPM_PROCESSING, "image_processor_type": "MiniCPMVImageProcessor"}
    _write(folder / "preprocessor_config.json", {**processing, "processor_class": "MiniCPMVProcessor"})
    return _weights(folder, config, tokenizer)


def internvl(folder: Path, decoder: str = "Qwen2ForCausalLM") -> Path:
    """InternVL2 with a decoder of transformers, or with one of its own (InternLM2ForCausalLM, Phi3ForCausalLM)."""
    _copy("internvl_chat", folder)
    tokenizer = tiny_tokenizer("<IMG_CONTEXT>")
    text = {**text_config(tokenizer), "architectures": [decoder]}
    return _weights(folder, {"model_type": "internvl_chat", "auto_map": INTERNVL_CODE, "llm_config": text}, tokenizer)


def _copy(family: str, folder: Path, **replaced: str) -> None:
    folder.mkdir(parents=True)
    for path in sorted((CODE / family).glob("*.py")):
        text = path.read_text()
        for word, other in replaced.items():
            text = text.replace(word, other)
        (folder / path.name).write_text(text)


def _weights(folder: Path, config: dict, tokenizer: PreTrainedTokenizerFast) -> Path:
    """Seeded random weights, saved without transformers: its own saving would write the code again."""
    _write(folder / "config.json", config)
    tokenizer.save_pretrained(folder)
    loaded = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    model_class = get_class_from_dynamic_module(config["auto_map"]["AutoModel"], str(folder))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = model_class(loaded)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors")
    return folder


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2))
