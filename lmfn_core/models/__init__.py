"""The networks, assembled from parts that are passed in; every row of the papers' tables by name; their weights."""
