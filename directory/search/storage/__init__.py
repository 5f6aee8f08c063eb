"""The files of the index: how a segment is put together, laid out on disk, and opened again."""
