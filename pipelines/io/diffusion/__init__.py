"""The files of a release: what is in them, who vouches for them, and how one finds out whether a file is official.

`edition` holds all that an edition says; every module beside it writes one kind of file from that and knows nothing of the store.
"""

from pipelines.io.diffusion.edition import EditionOf, Header, Signatory

__all__ = ["EditionOf", "Header", "Signatory"]
