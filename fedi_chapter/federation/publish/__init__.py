"""What happened here, told to those it concerns: the mirror of `federation.dispatch`.

Called by the fan-out loop. One file per noun writes the documents and names the audience;
`table` lists them all and puts them into the delivery queue.
"""

from fedi_chapter.federation.publish.table import TABLE, publish

__all__ = ["TABLE", "publish"]
