#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| healthcode_attacks::targets::notices(bytes));
