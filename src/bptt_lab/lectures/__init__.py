"""The five lectures as data: every formula with its verdict and its check, and one dictionary of notation."""

from bptt_lab.lectures import conventions
from bptt_lab.lectures.checks import check, found, is_confirmed
from bptt_lab.lectures.conventions import dictionary, translate, translate_gradients
from bptt_lab.lectures.ledger import LedgerError, counts, ledger, lookup, titles
from bptt_lab.lectures.rows import VERDICTS, Row
from bptt_lab.lectures.tables import Folded, Table, counts_table, errata, judge, mended, printed, table

__all__ = [
    "VERDICTS",
    "Folded",
    "LedgerError",
    "Row",
    "Table",
    "check",
    "conventions",
    "counts",
    "counts_table",
    "dictionary",
    "errata",
    "found",
    "is_confirmed",
    "judge",
    "ledger",
    "lookup",
    "mended",
    "printed",
    "table",
    "titles",
    "translate",
    "translate_gradients",
]
