"""Dask: clusters, placement, dispatch, and the pool of scorer processes on each instance."""
