"""The Python environments that scorer processes run in."""
