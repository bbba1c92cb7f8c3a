"""A project of one's own: the files that ``eagle init`` writes into a new folder. No images but through acquisition."""
