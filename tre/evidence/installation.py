"""What the checks look at: this installation, with what takes long looked at once for them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from tre.audit.errors import AuditBroken
from tre.audit.verification import verify_checkpoints
from tre.config.at_rest import Kernel
from tre.config.options import Options, load
from tre.disclosure import Context
from tre.errors import TreError
from tre.evidence import samples
from tre.evidence.software import Package, installed
from tre.workspace import trial
from tre.workspace.trial import Trial

ASKER = (
    "the evidence"  # with a blank: the log of decisions tells its questions from everybody's, for nobody is called so
)


@dataclass(frozen=True)
class Installation:
    """This installation as its settings and its kernel tell it.

    Parameters
    ----------
    options : Options
        Its settings.
    kernel : Kernel
        Where the kernel tells of storage.
    """

    options: Options = field(default_factory=load)
    kernel: Kernel = field(default_factory=Kernel)

    @cached_property
    def trial(self) -> Trial | str:
        """What a sandbox reached that was opened just now, or why none was."""
        if self.options.sandbox == "none":
            return "This installation opens no workspaces (TRE_SANDBOX is none)"
        try:
            return trial.run()
        except (TreError, OSError) as error:
            return f"No sandbox could be opened for the trial: {error}"

    @cached_property
    def audit(self) -> int | str:
        """How many entries of the audit log were verified just now, or what is wrong with it."""
        try:
            return verify_checkpoints().entries
        except AuditBroken as broken:
            return broken.sentence()

    @cached_property
    def samples(self) -> dict[str, str]:
        """What inspection says of the made-up files, by name."""
        return samples.judged(
            Context(profile=self.options.disclosure_profile, sandbox=self.options.sandbox == "bubblewrap")
        )

    @cached_property
    def software(self) -> tuple[Package, ...]:
        """The packages that are installed."""
        return installed()
