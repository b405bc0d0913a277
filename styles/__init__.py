"""Style sheets: `app.tcss` for looks and bars, one more for each screen. Theme variables only."""
