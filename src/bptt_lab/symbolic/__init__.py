"""Derivation and proof: what SymPy derives from the equations of a network, and how every line of it is checked."""

from bptt_lab.symbolic.claims import Claim, Claims, claims
from bptt_lab.symbolic.derivations import (
    Derivation,
    DerivationError,
    Line,
    ScalarForm,
    VectorForm,
    derive,
    derive_vector,
)
from bptt_lab.symbolic.display import Formula, chain_rule, definition, equations, scalar_form, unrolled
from bptt_lab.symbolic.letters import read_letter
from bptt_lab.symbolic.numpy_writer import numpy_program, numpy_source
from bptt_lab.symbolic.programs import Program, gradients
from bptt_lab.symbolic.scalar_forms import count_terms, local_derivative, path_sum
from bptt_lab.symbolic.verdicts import Verdict, decide, readable_world

__all__ = [
    "Claim",
    "Claims",
    "Derivation",
    "DerivationError",
    "Formula",
    "Line",
    "Program",
    "ScalarForm",
    "VectorForm",
    "Verdict",
    "chain_rule",
    "claims",
    "count_terms",
    "decide",
    "definition",
    "derive",
    "derive_vector",
    "equations",
    "gradients",
    "local_derivative",
    "numpy_program",
    "numpy_source",
    "path_sum",
    "read_letter",
    "readable_world",
    "scalar_form",
    "unrolled",
]
