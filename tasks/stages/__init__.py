"""The nodes of the DAG, one file each, and the file forms they exchange. No page, no table, no command line.

What only computing needs is imported where something is computed: a result that is in the store waits for no torch.
"""
