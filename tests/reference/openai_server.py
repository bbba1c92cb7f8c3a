"""A small OpenAI-compatible server on loopback that serves the embedded MLLM: real HTTP, real model.

It reads requests by itself: chat template, processor and model of transformers, none of Eagle's prompt code.
``faults`` are consumed one per request, for the tests of retries.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

import eagle_core.mllm.backbone_tokens  # noqa: F401 - the embedded model's tower is a network that timm then knows by name
from eagle_core.mllm.model_files import embedded_folder

SERVED = "embedded-served"


class Served:
    """The server's model, what it was asked, and how it shall misbehave."""

    def __init__(self) -> None:
        folder = embedded_folder()
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        self.lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.logprobs = True

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a chat-completions request."""
        images, conversation = [], []
        for message in body["messages"]:
            parts = message["content"]
            parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
            content = []
            for part in parts:
                if part["type"] == "image_url":
                    encoded = part["image_url"]["url"].partition("base64,")[2]
                    images.append(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
                    content.append({"type": "image"})
                else:
                    content.append(part)
            conversation.append({"role": message["role"], "content": content})
        text = self.processor.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False)
        inputs = self.processor(text=[text], images=[images] if images else None, return_tensors="pt")
        tokenizer = self.processor.tokenizer
        with self.lock, torch.inference_mode():
            made = self.model.generate(
                **inputs, max_new_tokens=body["max_tokens"], do_sample=False, output_logits=True, return_dict_in_generate=True
            )
        generated = made.sequences[0, inputs["input_ids"].shape[1] :]
        choice: dict[str, Any] = {"message": {"role": "assistant", "content": tokenizer.decode(generated, skip_special_tokens=True)}}
        if body.get("logprobs") and self.logprobs:
            best = made.logits[0][0].float().log_softmax(-1).topk(body["top_logprobs"])
            listed = [
                {"token": tokenizer.decode([token]), "logprob": value}
                for value, token in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            ]
            choice["logprobs"] = {"content": [{"top_logprobs": listed}]}
        return {"choices": [choice]}


@contextmanager
def serving(served: Served) -> Iterator[str]:
    """The server's base URL while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, {"data": [{"id": SERVED, "root": "tiny"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with served.lock:
                served.requests.append(body)
                served.headers.append(dict(self.headers))
                fault = served.faults.pop(0) if served.faults else ""
            if fault == "cut":
                self.connection.close()
            elif fault == "no json":
                self._send(200, "<html>")
            elif fault == "no choices":
                self._send(200, {"object": "error"})
            elif fault == "half a character":
                self._send(200, {"choices": [{"message": {"role": "assistant", "content": "A \ud83d"}}]})
            elif fault:
                self._send(int(fault), {"error": {"message": f"made up {fault}"}})
            else:
                self._send(200, served.complete(body))

        def _send(self, status: int, value: Any) -> None:
            content = (value if isinstance(value, str) else json.dumps(value)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
