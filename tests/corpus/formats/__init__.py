"""One module for each family of formats; each offers CARRIERS of texts and, where there are any, TABLES."""
