"""No test leaves a diary of answers behind: what is checked in tests is not noted."""

import os

os.environ.setdefault("BPTT_LAB_PROGRESS", "off")
