"""A team of people who do not exist, photographed: the sandbox's sample photos of faces.

Their shapes, skins and hair are MakeHuman's, whose makers gave them away as CC0; light and camera are ours.
"""
