"""For what use, and on what lawful basis, a controller agreed to share: and whether opt-outs apply to it. Pure; no I/O.

UK GDPR articles 6 and 9; the common law duty of confidentiality beside them, which is set aside by consent, by support
under section 251 of the NHS Act 2006, by a legal duty or by an overriding public interest. See "National data opt-out
operational policy guidance document" (NHS England), "When does the national data opt-out apply".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tre.errors import Refused


class Use(StrEnum):
    """What the data is used for."""

    RESEARCH = "research"
    PLANNING = "planning"
    DIRECT_CARE = "direct_care"


class CommonLaw(StrEnum):
    """What sets the duty of confidentiality aside, if it does."""

    CONSENT = "consent"
    S251 = "s251"
    S251_EXEMPT = "s251_exempt"
    LEGAL_DUTY = "legal_duty"
    PUBLIC_INTEREST = "public_interest"
    NOT_APPLICABLE = "not_applicable"


ARTICLE_6 = {
    "6(1)(a)": "consent",
    "6(1)(b)": "a contract",
    "6(1)(c)": "a legal obligation",
    "6(1)(d)": "vital interests",
    "6(1)(e)": "a public task",
    "6(1)(f)": "legitimate interests",
}
ARTICLE_9 = {
    "": "no special category of data",
    "9(2)(a)": "explicit consent",
    "9(2)(c)": "vital interests",
    "9(2)(g)": "substantial public interest",
    "9(2)(h)": "health or social care",
    "9(2)(i)": "public health",
    "9(2)(j)": "research and statistics",
}
_ARTICLE_9_OF = {
    Use.RESEARCH: {"", "9(2)(a)", "9(2)(g)", "9(2)(i)", "9(2)(j)"},
    Use.PLANNING: {"", "9(2)(a)", "9(2)(g)", "9(2)(h)", "9(2)(i)"},
    Use.DIRECT_CARE: {"", "9(2)(a)", "9(2)(c)", "9(2)(h)"},
}
# Each of these takes the opt-out's force away, so that it must say by what decision.
_EXEMPT = frozenset({CommonLaw.CONSENT, CommonLaw.S251_EXEMPT, CommonLaw.LEGAL_DUTY, CommonLaw.PUBLIC_INTEREST})


@dataclass(frozen=True)
class LawfulBasis:
    """The use and the lawful basis of one agreement.

    Parameters
    ----------
    use, common_law : str
        A value of :class:`Use`, and of :class:`CommonLaw`.
    article_6, article_9 : str
        A key of :data:`ARTICLE_6`, and of :data:`ARTICLE_9`.
    decision : str
        By what decision the national data opt-out does not apply: the ethics approval of a consented study, the
        reference of the section 251 support that exempts it, the law, or who weighed the public interest.
    """

    use: str = Use.RESEARCH
    article_6: str = "6(1)(e)"
    article_9: str = "9(2)(j)"
    common_law: str = CommonLaw.S251
    decision: str = ""

    def national_opt_out_applies(self) -> bool:
        """Return whether people who opted out are left out: they are, unless the basis is known to be exempt."""
        return self.use != Use.DIRECT_CARE and self.common_law not in _EXEMPT

    def check(self, dataset: str) -> None:
        """Refuse a basis that is none.

        Raises
        ------
        Refused
            Naming the dataset and the first thing that is wrong.
        """
        wrong = [
            (self.use not in set(Use), "a use that is none", "Choose research, planning or direct_care"),
            (self.article_6 not in ARTICLE_6, "no basis of article 6", "Choose one"),
            (self.article_9 not in ARTICLE_9, "no basis of article 9", "Choose one"),
            (self.common_law not in set(CommonLaw), "no common-law basis", "Choose one"),
        ]
        for is_wrong, what, todo in wrong:
            if is_wrong:
                raise Refused(f"The agreement has {what}", where=dataset, todo=todo)
        if self.article_9 not in _ARTICLE_9_OF[Use(self.use)]:
            raise Refused(f"Article {self.article_9} is no basis for {self.use}", where=dataset, todo="Choose another")
        if self.common_law in _EXEMPT and not self.decision.strip():
            raise Refused(
                "The agreement sets the national data opt-out aside and does not say by what decision",
                where=dataset,
                todo="Write down its reference",
            )


def national_opt_out_applies(bases: Iterable[LawfulBasis]) -> bool:
    """Return whether an extract leaves out people who opted out: unless each of its agreements is exempt."""
    return any([basis.national_opt_out_applies() for basis in bases] or [True])


def check_one_use(bases: Iterable[tuple[str, LawfulBasis]]) -> None:
    """Refuse agreements that are wrong, or for more than one use: an extract has one.

    Raises
    ------
    Refused
        Naming what is wrong.
    """
    uses = set()
    for dataset, basis in bases:
        basis.check(dataset)
        uses.add(basis.use)
    if len(uses) > 1:
        raise Refused("The project's agreements are for different uses", todo="Make a project for each use")
