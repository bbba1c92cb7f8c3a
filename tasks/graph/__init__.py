"""The nodes of the DAG: what one Prefect task run does, for all points that share it. No order: that is ``flows``'."""
