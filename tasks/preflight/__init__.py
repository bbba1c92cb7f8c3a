"""What will be asked of this machine, what is missing, and about how long it takes: said before anything that costs. Nothing is run."""
