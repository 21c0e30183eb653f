//! Entry point: command line first, window when nothing else is asked.

fn main() {}
