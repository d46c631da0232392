"""The console: pages for operations staff, made on the server. What they show and do is decided below this room."""
