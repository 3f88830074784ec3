"""From equations to one page: drawing, derivatives line by line with their verdicts, a program, the checks passed."""

from bptt_lab.report import sheet
from bptt_lab.report.html import html
from bptt_lab.report.markdown import markdown
from bptt_lab.report.page import Page, made

__all__ = ["Page", "html", "made", "markdown", "sheet"]
