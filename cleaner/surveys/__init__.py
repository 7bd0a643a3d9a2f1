"""Corpus evidence: what a first pass over all documents tells that no document tells by itself.

- `sites`: which site and section a document belongs to
- `tables`: the tables of a survey, and the figures by which they are cut
- `collect`: the map, from one document to rows
- `group`: the group-by, over any number of rows in bounded memory
- `folder`: a survey on disk: written, merged, opened
- `guard`: numbers, dates, names and negations that make two like paragraphs different news
- `copies`: near-identical paragraphs and documents, and which copy stays
- `evidence`: what the filters look up, memory-mapped
- `first_pass`, `make`: both passes of a run, and surveys by themselves
- `settle`: after a run, whether the copies that were to stay have stayed
- `mine`: rules proposed from what sites repeat
"""
