"""The REST API: what the pages do, for programs, by tokens that are scoped and short. See ADR 0036."""
