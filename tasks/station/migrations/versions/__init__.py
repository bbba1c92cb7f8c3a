"""One migration a file, no other code; never edited after it has been released."""
