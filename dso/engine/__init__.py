"""The step loop: machines on one clock, their handlers, the journal."""
