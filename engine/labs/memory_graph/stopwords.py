"""Words that name nothing: left out of counts, no beginning of a name, or only inside one."""

from __future__ import annotations

_COUNTED_OUT = """
a an and are as at be by did do does for from had has have he her his how in is it its of on or she
that the their they this to was were what when where which who whom whose why will with
"""
_NO_BEGINNING = """
a about after all also although am among an and another any are as at be because been before besides
both but by can could did do does during each even every for from had has have he her here his how
however i if in into is it its later like many more most much my nor not now of on once one only or
other others our over she should since so some such than that the their them then there these they
this those through thus to too under until up upon was we were what when where whether which while
who whom whose why will with within without would yet you your
"""
_SAID_FIRST = """
anyone anything everybody everyone everything nobody nothing somebody someone something
aww bye congrats congratulations haha hello hey hi hmm oh ok okay sorry thanks wow yeah yep yes
"""
_INSIDE = "of de la le du des del della di da do dos von van der den"

STOP_WORDS = frozenset(_COUNTED_OUT.split())
"""What word counts leave out."""

FUNCTION_WORDS = frozenset(_NO_BEGINNING.split())
"""What begins a sentence or a question with a capital and no name."""

SENTENCE_OPENERS = FUNCTION_WORDS | frozenset(_SAID_FIRST.split())
"""What is no name at the start of a sentence and may begin one within it, as in "Hello Love"."""

CONNECTORS = frozenset(_INSIDE.split())
"""Small words inside a name: "University of Copenhagen", "Charles de Gaulle"."""
