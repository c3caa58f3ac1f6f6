"""Sharp images, and what spoils them: seeded, vectorised degradations, and the pairs that training sees."""
