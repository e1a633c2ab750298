"""The scorer contract, and the processes that scorers live in."""
