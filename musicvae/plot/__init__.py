"""Results to look at and to listen to: piano rolls, maps of latent space, audio, one web page.

A picture is described first, as a `Drawing` of boxes, lines and words, and then written as SVG
(nothing else needed) or as PNG or PDF (matplotlib, the extra `plot`). Audio comes from FluidSynth
with a soundfont or from a synthesizer built in. The same input gives the same bytes.
"""
