"""Eagle's pure library: typed inputs, typed outputs, no orchestration, usable from a notebook."""

__version__ = "0.1.0"
