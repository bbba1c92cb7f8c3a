"""The report: one self-contained HTML page of a run. Works from file://, asks the network for nothing. No run folder is read here."""
