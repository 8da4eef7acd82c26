"""One package per lab; a lab is found because it is here."""
