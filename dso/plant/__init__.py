"""The physics that answers set-points: the embedded stand-in for a feeder simulator."""
