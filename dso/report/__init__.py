"""What a run comes to, on one page; tables for other programs."""
