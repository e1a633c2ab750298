"""Plugins: the hooks, and how plugins are found. The only user of pluggy."""
