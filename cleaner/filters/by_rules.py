"""The filters that do nothing but what rule packs say: what proofs and measurements of rules run."""

from __future__ import annotations

from cleaner.chain import Chain
from cleaner.filters.blocks import Blocks
from cleaner.filters.rules import Rules
from cleaner.rulebook.match import Rulebook


def rules_chain(rulebook: Rulebook) -> Chain:
    """A chain that removes what the rules of a book take, and nothing else."""
    return Chain([Rules(rulebook), Blocks(rulebook)])
