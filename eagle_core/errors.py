"""What can go wrong, by whose move it is to put it right. Every message names the thing and the remedy."""


from eagle_core.names import printable


class EagleError(Exception):
    """Base of every error that Eagle raises on purpose; the command line prints it as one line.

    Its text can be written anywhere: what a file's name holds that is no UTF-8 is percent-encoded.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class ConfigurationError(EagleError):
    """A parameter is unknown, of the wrong type, or impossible; the message names its dotted key."""


class DataError(EagleError):
    """A file or folder is missing, empty, corrupt or of the wrong size; the message names it."""


class WeightsError(EagleError):
    """Weights that were asked for cannot be had or do not fit; nothing is substituted for them."""


class FitError(EagleError):
    """An expert or a threshold cannot be fitted from what it was given (too few images or patches, NaN)."""


class AttentionError(EagleError):
    """Attention guidance was asked for where it is impossible, or it did not take effect."""


class ModelError(EagleError):
    """A multimodal LLM cannot be loaded, or cannot be asked in the way it was asked."""


class DiskError(EagleError):
    """A disk has no room left: a run stops at once, and goes on where it was when there is room again."""
