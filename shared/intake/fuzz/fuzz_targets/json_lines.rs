#![no_main]

#[allow(dead_code, reason = "each target runs one of the parsers")]
#[path = "../parsers.rs"]
mod parsers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parsers::json_lines(bytes));
