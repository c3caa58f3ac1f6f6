"""Any photograph through a network, fast and in bounded memory; export to other runtimes."""
