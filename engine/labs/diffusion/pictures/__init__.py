"""Procedural captioned pictures: scenes made of attributes, and paintings with titles."""
