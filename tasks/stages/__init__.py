"""The nodes of the DAG, one file each, and the file forms they exchange. No page, no table, no command line."""
