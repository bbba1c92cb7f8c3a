"""Metrics, intervals and tables of records, one file a metric. Reads no file and no image."""
