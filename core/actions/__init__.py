"""The actions by area: importing a module here registers its actions; each calls one engine function."""
