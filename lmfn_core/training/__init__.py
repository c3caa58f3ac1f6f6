"""One training loop and what stands around it: recipes, checkpoints, processes, runs, evaluation."""
