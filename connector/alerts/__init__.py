"""Alerts: what is wrong by itself, told to people through the channels of the configuration, until it is over."""
