"""The only code that touches files and databases. The pure steps above it never import this package."""
