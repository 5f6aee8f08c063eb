"""Which documents answer a query, and in which order: loops over arrays, compiled. Knows no files and no words."""
