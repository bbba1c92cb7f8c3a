"""MMAD, the question-answering benchmark of this field: its files, its audit, its scores.

Knows its formats and definitions; asking a model is the methods' business, not this folder's.
"""
