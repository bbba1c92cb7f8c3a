"""Echo (paper: "Can Multimodal Large Language Models be Guided to Improve Industrial Anomaly Detection?").

Four modules, each with one method, contribute parts of one prompt; which of them a question needs is decided by
``planning`` from its type. Everything about the paper's contradictions: the table in ``eagle_core.config.EchoConfig``.
Nothing here asks about an image: ``methods.echo`` does.
"""
