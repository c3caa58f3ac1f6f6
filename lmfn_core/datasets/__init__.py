"""The published data sets: their layouts, readers, checks and downloads; the corpora made of them."""
