"""Pure values and arithmetic: no clock, no I/O, no randomness."""
