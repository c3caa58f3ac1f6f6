"""The course as a book: static pages, made from the committed masters, README and reports; nothing is executed."""
