"""The DO's pictures of its wires."""
