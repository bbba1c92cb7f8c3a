"""Tables of experiments, from records and readings to rows, one file a table. Nothing is read from the store."""
