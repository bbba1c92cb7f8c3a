"""What an inspection station keeps and does between requests: parts, reviews, versions, fits. No HTTP, no page."""
