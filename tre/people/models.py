"""Accounts and the roles they hold, and invitations to make one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Value
from django.utils import timezone

from tre.people.domain import RESERVED_NAMES, ROLES, invitation_state

# A user name is also the name of that person's subdomain at the Hub (RFC 1035, section 2.3.1, lower case).
username_is_a_label = RegexValidator(
    r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$", "Use 2 to 32 small letters, digits and hyphens, beginning with a letter."
)


def username_is_nobodys(username: str) -> None:
    """Refuse a name under which the product itself acts, or that is an address of its own."""
    if username in RESERVED_NAMES:
        raise ValidationError("This name is not to be had: choose another.")


# allauth's sign-up asks them too.
username_validators: list[Callable[[str], None]] = [username_is_a_label, username_is_nobodys]


class Account(AbstractUser):
    """A person who can sign in."""

    username = models.CharField(max_length=32, unique=True, validators=username_validators)
    training_accredited = models.DateField(null=True, blank=True)
    training_expires = models.DateField(null=True, blank=True)
    demonstration = models.BooleanField(default=False, help_text="Its password and codes are shown.")

    def role_names(self) -> frozenset[str]:
        """Return the roles that the account holds."""
        return frozenset(self.roles.values_list("name", flat=True))

    def project_codes(self) -> dict[str, bool]:
        """Return the codes of the projects that the person is a member of, each with whether they lead it."""
        return self.project_codes_ever()[0]

    def project_codes_ever(self) -> tuple[dict[str, bool], frozenset[str]]:
        """Return the projects of :meth:`project_codes`, and those that the person was once in, by one question."""
        now = self.projects.order_by().values_list("code", "membership__lead", Value(False))
        once = self.past_memberships.order_by().values_list("project__code", Value(False), Value(True))
        told = list(now.union(once, all=True))
        return (
            {code: bool(leads) for code, leads, past in told if not past},
            frozenset(code for code, _, past in told if past),
        )

    def controller_names(self) -> frozenset[str]:
        """Return the controllers whose datasets the person answers for."""
        return frozenset(self.ownerships.values_list("controller", flat=True))

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


class Ownership(models.Model):
    """One controller whose datasets an account answers for, as their information asset owner."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="ownerships")
    controller = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "controller"], name="one_ownership_once"),)

    def __str__(self) -> str:
        return self.controller


class Invitation(models.Model):
    """A person's invitation to make an account with these roles. Of its link only a hash is kept."""

    email = models.EmailField()
    roles = models.JSONField(default=list)
    training_accredited = models.DateField(null=True)
    training_expires = models.DateField(null=True)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the link holds.")
    invited_by = models.CharField(max_length=32)
    invited_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    account = models.OneToOneField(Account, null=True, on_delete=models.PROTECT, related_name="invitation")
    withdrawn = models.BooleanField(default=False)

    class Meta:
        ordering = ("-invited_at",)

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def state(self) -> str:
        """Return what has become of it: see :func:`tre.people.domain.invitation_state`."""
        return invitation_state(
            over=timezone.now() >= self.expires_at,
            accepted=self.account_id is not None,
            withdrawn=self.withdrawn,
        )


class CacheEntry(models.Model):
    """One value that sign-in keeps for a while: see :mod:`tre.people.cache`."""

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the cache's key.")
    value = models.TextField(help_text="JSON.")
    expires = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.key
