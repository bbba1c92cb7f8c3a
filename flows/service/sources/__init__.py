"""Where images come from beside HTTP, one file each. None of them judges."""
