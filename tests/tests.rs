//! All tests that reach across files or crates, one module a subject.

mod layering; // manifests: app -> explorer -> model, and nothing else
