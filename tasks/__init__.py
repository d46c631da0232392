"""The Celery side, thin: each task says which part of the connector does the work."""
