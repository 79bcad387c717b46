"""Procedures without a database: reading, checking, linking, listing paths, walking and drawing them."""
