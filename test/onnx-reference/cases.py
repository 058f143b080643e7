"""All cases: importing the files fills the table."""

import cases_fused
import cases_moving
import cases_quantised
import cases_recurrent
import cases_summing
import cases_values

__all__ = [
    "cases_fused",
    "cases_moving",
    "cases_quantised",
    "cases_recurrent",
    "cases_summing",
    "cases_values",
]
