"""Reading a letter out of what a model wrote in its own words: the parts of ``parsing.parse_letter``. No model is asked."""
