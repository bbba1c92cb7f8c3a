"""The station's HTTP service and its page: requests in, JSON out. What it keeps and computes is in tasks/station, not here."""
