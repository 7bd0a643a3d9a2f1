"""Imported where workers are forked from: what it loads, each of them has from the start, and the machine once.

The cleaner is that of a run with the usual settings.  One with other settings shares what does not depend on them:
models, profiles of languages, the modules themselves.
"""

import gc

from cleaner.engines.work import warm_cleaner
from cleaner.settings import Settings

warm_cleaner(Settings())
# What is here stays, and workers share its memory as long as the collector of garbage does not write to it.
gc.collect()
gc.freeze()
# A page makes some thousand objects, none of them in a circle: looked through as often as Python does by itself, they
# cost a tenth of a worker's time.
gc.set_threshold(50_000, 20, 50)
