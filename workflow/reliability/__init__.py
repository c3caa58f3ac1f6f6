"""Whether the project holds where things go wrong: files from strangers, stopped runs, full disks."""
