//! What the bridge admits, judges and executes.
