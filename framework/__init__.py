"""Batch endpoints on Dask: score any folder of files with any model, into one correct output."""
