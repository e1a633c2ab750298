"""A job's report: one HTML file that says how it went, and needs nothing else to be read."""
