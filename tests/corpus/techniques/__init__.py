"""How an identity is written, a table leaks, a figure or a model carries rows. Each module offers a tuple of them."""
