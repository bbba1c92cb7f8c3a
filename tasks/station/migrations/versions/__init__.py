"""One migration a file; never edited after it has been released."""
