"""The feature extractor for other runtimes than torch: writes its files, computes its features there. Fits and scores nothing."""
