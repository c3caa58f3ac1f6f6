"""Photographs as files: read and written in their kind, depth and orientation, with what they carry."""
