"""What an inspection station computes: verdicts in two levels, rates, a day's counts, heat maps. No server, no database."""
