"""Accounts and the roles they hold."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models

from tre.people.domain import ROLES

# A user name is also the name of that person's subdomain at the Hub (RFC 1035, section 2.3.1, lower case).
username_is_a_label = RegexValidator(
    r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$", "Use 2 to 32 small letters, digits and hyphens, beginning with a letter."
)


class Account(AbstractUser):
    """A person who can sign in."""

    username = models.CharField(max_length=32, unique=True, validators=[username_is_a_label])
    training_expires = models.DateField(null=True, blank=True)
    demonstration = models.BooleanField(default=False, help_text="Its password and codes are shown.")

    def role_names(self) -> frozenset[str]:
        """Return the roles that the account holds."""
        return frozenset(self.roles.values_list("name", flat=True))

    def project_codes(self) -> frozenset[str]:
        """Return the codes of the projects that the person is a member of."""
        return frozenset(self.projects.values_list("code", flat=True))

    def training_current(self, today: date) -> bool:
        """Return whether the person's training has not expired; who never trained has none."""
        return self.training_expires is not None and today <= self.training_expires


class Role(models.Model):
    """One role that one account holds."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=40, choices=list(ROLES.items()))

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "name"], name="one_role_once"),)

    def __str__(self) -> str:
        return self.name


class CacheEntry(models.Model):
    """One value that sign-in keeps for a while: see :mod:`tre.people.cache`."""

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the cache's key.")
    value = models.TextField(help_text="JSON.")
    expires = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.key
