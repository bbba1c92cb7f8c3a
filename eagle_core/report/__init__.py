"""Pictures, panels and the page of a run, from values to pixels and HTML. Nothing is measured or read from the store."""
