"""dso: an explicit state-machine engine for a Distribution System Operator."""
