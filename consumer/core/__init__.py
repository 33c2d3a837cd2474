"""The pure middle: values in, values out. No I/O, no clock, no logging, no randomness."""
