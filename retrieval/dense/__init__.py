"""The dense half of the first stage: the nearest passages by cosine, and the saved indexes behind them."""
