"""The protocol of a lane, line by line."""
