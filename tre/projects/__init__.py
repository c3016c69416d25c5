"""Research projects, data-sharing agreements, approvals and extracts."""
