"""The routes of the API, one file a noun. Nothing is kept or computed here."""
