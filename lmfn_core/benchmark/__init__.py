"""Every way to run a network, timed against each other in one interleaved run."""
