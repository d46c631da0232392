"""The web process: where publishers hand in, the JSON API over the connector log, and health. It decides nothing."""
