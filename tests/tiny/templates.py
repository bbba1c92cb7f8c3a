"""Chat templates in the manner of the families' own."""

from __future__ import annotations


def chatml(image: str) -> str:
    """``<|im_start|>role\\n…<|im_end|>\\n``; ``image`` is what stands for one image."""
    return (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
        "{% for c in m['content'] %}{% if c['type'] == 'image' %}" + image + "{% else %}{{ c['text'] }}{% endif %}{% endfor %}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


def vicuna(image: str) -> str:
    """``USER: … ASSISTANT:``, images first, the system text without a role."""
    return (
        "{% for m in messages %}{% if m['role'] == 'user' %}USER: {% endif %}"
        "{% for c in m['content'] if c['type'] == 'image' %}" + image + "\n{% endfor %}"
        "{% for c in m['content'] if c['type'] == 'text' %}{{ c['text'] }}{% endfor %} {% endfor %}"
        "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
    )


def mistral(image: str) -> str:
    """``[INST] … [/INST]``, images first, no system role."""
    return (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}[INST] "
        "{% for c in m['content'] if c['type'] == 'image' %}" + image + "\n{% endfor %}"
        "{% for c in m['content'] if c['type'] == 'text' %}{{ c['text'] }}{% endfor %} [/INST]{% endfor %}"
    )


def idefics(image: str) -> str:
    """``User: … <end_of_utterance>``, a role in words."""
    return (
        "{% for m in messages %}{{ m['role'] | capitalize }}: "
        "{% for c in m['content'] %}{% if c['type'] == 'image' %}" + image + "{% else %}{{ c['text'] }}{% endif %}{% endfor %}"
        "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
    )
