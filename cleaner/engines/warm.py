"""Imported where workers are forked from: what it loads, each of them has from the start, and the machine once.

A cleaner with other settings than the usual ones shares what does not depend on them: models, profiles of languages,
the modules themselves.
"""

from cleaner.pipeline import Cleaner

Cleaner().warm_up()
