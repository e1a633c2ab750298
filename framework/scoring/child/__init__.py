"""The scorer process: runs in the deployment's own interpreter, Python 3.8 or later.

Standard library only, and relative imports only: this folder is loaded as a package of its own
(`__main__.py`), where nothing of ours is installed.
"""
