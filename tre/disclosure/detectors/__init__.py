"""What is looked for in tables and text; each detector gives hits and knows nothing of severities."""
