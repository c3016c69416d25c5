"""Base templates, NHS components and static files."""
