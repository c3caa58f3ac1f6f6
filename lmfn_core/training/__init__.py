"""One training loop and what stands around it: recipes, processes, runs, evaluation."""
