"""The learning plane: private training, cards, promotion and serving."""
