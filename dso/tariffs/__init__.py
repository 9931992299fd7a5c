"""Rate plans, one file each: MO strategy (or none), LSE strategy, bill arithmetic."""
