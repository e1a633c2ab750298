"""The model registry: models by name and version, kept in the workspace."""
