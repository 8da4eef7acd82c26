"""Documents of a visitor's own as passages: notes, chats, papers, graphs, folders and zips of them.

``read.read_documents`` is the way in; each other file reads one kind.
"""
