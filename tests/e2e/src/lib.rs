//! Tests of the whole system: real server processes, killed processes, other decoders. This library holds what they
//! share; it has no binary of its own, the processes that it starts are `healthcode` itself.
