"""Scores images with exported torch models, as a plugin of dask-batch-endpoints."""
