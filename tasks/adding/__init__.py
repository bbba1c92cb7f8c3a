"""Good photographs for a category that exists: looked at, tried out aside, and only then put into the data. Nothing is judged here."""
