"""The researcher's room: sandbox, Hub, Spark Connect and MLflow for a project, and what ``import tre`` gives."""
