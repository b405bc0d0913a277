"""The `:` line and the palette: any action by its words."""
