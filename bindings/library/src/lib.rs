//! The shared library that Kotlin and Swift load: the core's scaffolding and nothing else. It stands apart from the
//! core, which stays a plain library, so that link-time optimisation reaches all of it.

healthcode::uniffi_reexport_scaffolding!();
