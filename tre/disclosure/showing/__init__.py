"""Shows what is in a file, part by part and page by page, as who opens it would see it; nothing in it is run.

The file is read where inspection reads it: by the same readers, in the same sandbox. So whatever inspection looked at
can be looked at, hidden sheets and comments too, and a page is given words, numbers and pictures that were drawn anew,
never the file's own markup.
"""

from __future__ import annotations

from tre.disclosure.showing.shown import Ask, Cell, Heading, Page, Shown, Token
from tre.disclosure.showing.worker import show, show_together

__all__ = ["Ask", "Cell", "Heading", "Page", "Shown", "Token", "show", "show_together"]
