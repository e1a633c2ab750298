"""Output formats: how rows are encoded, and how parts become one output."""
