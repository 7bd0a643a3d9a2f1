"""Corpus evidence: what a first pass over all documents tells that no document tells by itself.

- `sites`: which site and section a document belongs to
- `tables`: the tables of a survey, and the figures by which they are cut
- `collect`: the map, from documents to rows
- `signatures`: hashes of the words of many texts: MinHash of paragraphs, keys of headlines
- `group`: the group-by, over any number of rows in bounded memory
- `folder`: a survey on disk: written, merged, opened
- `guard`: numbers, dates, names and negations that make two like paragraphs different news
- `copies`: near-identical paragraphs and documents, and which copy stays, by way of `papers` (the order of documents),
  `paragraphs` (as arrays), `ranges` (their keys, sorted), `likeness` (candidates, verified) and `choice`
- `furniture`: how many documents must have a line for it to be furniture
- `evidence`: what the filters look up, memory-mapped
- `first_pass`, `make`: both passes of a run, and surveys by themselves
- `settle`: after a run, whether the copies that were to stay have stayed
- `mine`: rules proposed from what sites repeat
"""
