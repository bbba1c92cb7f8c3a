"""Chat models behind an OpenAI-compatible server: asked over HTTP, never loaded here."""

from eagle_core.mllm.endpoint.model import EndpointChatModel

__all__ = ["EndpointChatModel"]
