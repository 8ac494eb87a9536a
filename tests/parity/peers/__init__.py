"""One module per subject; each has `record(folder, size)` with size "small", "short" or "full"."""
