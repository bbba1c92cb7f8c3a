"""On which images the normal scores are measured: folds, groups, likeness. No features, no threshold."""
