"""The papers' tables and figures: what each varies, what is published, how it is drawn. Nothing is run here."""
