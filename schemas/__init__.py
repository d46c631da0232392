"""What this project says to the world: events, documents and configuration, as frozen pydantic models.

Nothing here knows a vendor, a database or a queue; `connector schema` exports all of it as JSON Schema.
"""
