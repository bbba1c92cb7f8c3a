"""Grids of parameters: their points and what each comes to. No table of a paper."""
