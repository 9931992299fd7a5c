"""DO, MO and LSE: each holds its own records and its strategy."""
