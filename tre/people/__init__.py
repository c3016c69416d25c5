"""Accounts, roles, training currency; multi-factor sign-in; the OpenID provider that the Hub trusts."""
