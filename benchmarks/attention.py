"""Guided attention against stock and eager attention: time and peak memory of one prefill, as ratios to stock SDPA.

Physics. Attention of L tokens costs 4 L^2 d multiply-adds per head either way. Stock SDPA keeps the L x L weights
in cache-sized tiles; eager attention writes them to memory several times over: heads * L^2 * 4 bytes each. Guiding
scales the keys of the visual columns, L * d numbers in a quarter of the layers, beside the layers' own L * d^2
products: it should cost nothing that can be measured, and no L x L allocation. Mode ``weights`` makes keys and
queries wider by eight.

Times: all variants in turn on one decoder, the fastest of the repeats; processor seconds on the CPU, so that other
programs count little. Memory: each variant in a process of its own; on the CPU the allocator adds some 80 MiB of
noise. A decoder of Qwen2.5-VL's class with random
weights; a quarter of its layers is guided, 60 % of the tokens are visual, row 0 of the batch has alpha 0.

    python benchmarks/attention.py --lengths 512 1024 2048 --layers 8
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from transformers import AttentionInterface, AttentionMaskInterface, Qwen2_5_VLTextConfig, Qwen2_5_VLTextModel
from transformers.masking_utils import eager_mask

from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import Mode

VARIANTS = ("sdpa", "logits", "centred", "weights", "values", "eager", "eager_scaled")


class Prefill:
    """A decoder with head size 128 and four query heads per key/value head, and one batch for it."""

    def __init__(self, args: argparse.Namespace, length: int) -> None:
        torch.set_num_threads(args.threads)
        torch.manual_seed(0)
        heads, dtype = args.hidden // 128, getattr(torch, args.dtype)
        config = Qwen2_5_VLTextConfig(
            hidden_size=args.hidden,
            intermediate_size=3 * args.hidden,
            num_hidden_layers=args.layers,
            num_attention_heads=heads,
            num_key_value_heads=max(heads // 4, 1),
            vocab_size=128,
            bos_token_id=None,
            eos_token_id=None,
            rope_parameters={"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1e6},
            attn_implementation="sdpa",
        )
        with torch.device(args.device):
            self.decoder = Qwen2_5_VLTextModel(config).to(dtype).eval()
        self.embeds = torch.randn(args.batch, length, args.hidden, device=args.device, dtype=dtype)
        self.factors = torch.ones(args.batch, length, device=args.device)
        self.factors[1:, : int(0.6 * length)] = 1.6
        self.guided = tuple(range(args.layers // 3, args.layers // 3 + max(args.layers // 4, 1)))
        self.device = args.device
        AttentionInterface.register("eager_scaled", self.eager_scaled)
        AttentionMaskInterface.register("eager_scaled", eager_mask)

    @torch.inference_mode()
    def run(self, variant: str) -> float:
        """Seconds of one prefill."""
        unguided = variant in ("sdpa", "eager", "eager_scaled")
        self.decoder.set_attn_implementation(variant if unguided else "sdpa")
        with nullcontext() if unguided else attention_scope(self.decoder, self.scaling(variant)):
            clock = time.process_time if self.device == "cpu" else time.perf_counter
            began = clock()
            self.decoder(inputs_embeds=self.embeds, use_cache=False)
            if self.device != "cpu":
                torch.cuda.synchronize(self.device)
            return clock() - began

    def scaling(self, mode: Mode) -> ColumnScaling:
        """Guidance of the batch."""
        return ColumnScaling(mode, self.guided, self.factors, torch.ones_like(self.factors, dtype=torch.bool))

    def eager_scaled(self, module, query, key, value, attention_mask, scaling=None, **_):
        """Scaled logits in an L x L matrix, as the authors' patch does."""
        repeats = query.shape[1] // key.shape[1]
        key, value = (t.repeat_interleave(repeats, dim=1) for t in (key, value))
        logits = query @ key.transpose(2, 3) * scaling
        if module.layer_idx in self.guided:
            logits = logits * self.factors[:, None, None, :].to(logits)
        weights = (logits + attention_mask).softmax(dim=-1, dtype=torch.float32).to(query.dtype)
        return (weights @ value).transpose(1, 2).contiguous(), weights


def peak_of(args: argparse.Namespace) -> float:
    """Peak MiB of one variant's prefill above what the model and its input need (on the CPU: Linux only)."""
    prefill = Prefill(args, args.length)
    if args.device != "cpu":
        before = torch.cuda.memory_allocated(args.device)
        torch.cuda.reset_peak_memory_stats(args.device)
        prefill.run(args.variant)
        return (torch.cuda.max_memory_allocated(args.device) - before) / 2**20
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident_mib("VmRSS")
    prefill.run(args.variant)
    return _resident_mib("VmHWM") - before


def _resident_mib(field: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in status if line.startswith(field)).split()[1]) / 1024


def peak_in_own_process(variant: str, length: int) -> float:
    """``peak_of`` in a fresh interpreter with this one's arguments."""
    command = [sys.executable, __file__, *sys.argv[1:], "--variant", variant, "--length", str(length)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--length", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.variant:
        print(peak_of(args))
        return
    rows = []
    print(f"{'tokens':>6} {'variant':<13} {'seconds':>8} {'time':>6} {'MiB':>7} {'memory':>7}")
    for length in args.lengths:
        prefill = Prefill(args, length)
        seconds = {variant: prefill.run(variant) for variant in VARIANTS}
        for _ in range(args.repeats):
            seconds = {variant: min(best, prefill.run(variant)) for variant, best in seconds.items()}
        mib = {variant: peak_in_own_process(variant, length) for variant in VARIANTS}
        for variant in VARIANTS:
            time_ratio, memory_ratio = seconds[variant] / seconds["sdpa"], mib[variant] / mib["sdpa"]
            print(f"{length:>6} {variant:<13} {seconds[variant]:>8.3f} {time_ratio:>6.2f} {mib[variant]:>7.0f} {memory_ratio:>7.2f}")
            rows.append([length, variant, round(time_ratio, 3), round(memory_ratio, 3)])
    print(json.dumps({"batch": args.batch, "layers": args.layers, "hidden": args.hidden, "rows": rows}))


if __name__ == "__main__":
    main()
