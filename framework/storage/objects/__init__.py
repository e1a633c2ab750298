"""Stores of objects: S3, Azure Blob Storage, Google Cloud Storage, and fsspec's memory.

`ObjectStore` is the contract of stores, made of the few things that each service can do; what a
service can do is an `ObjectService`. Keys are whole: the bucket (or container), a slash, the name.
"""
