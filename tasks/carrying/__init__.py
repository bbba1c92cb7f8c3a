"""A fitted category as one folder and as one file that judges elsewhere. It fits nothing and knows no server."""
