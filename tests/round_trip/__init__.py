"""`spec -> module -> spec`: whether a shipped spec comes back from the module that is built of it."""
