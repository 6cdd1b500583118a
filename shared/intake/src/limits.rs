//! How much an upload may hold. Reaching a bound refuses the file with its code, never silently cuts it.

/// Bounds of one upload; [`Limits::default`] gives the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as it was sent (`FILE_TOO_LARGE`).
    pub file_bytes_max: u64,
    /// Bytes of the text that it inflates to (`INFLATE_LIMIT`).
    pub text_bytes_max: u64,
    /// Data rows, blank lines not counted (`ROW_LIMIT`).
    pub rows_max: u64,
    /// Columns of the header, and cells of any row (`ROW_LIMIT`).
    pub columns_max: usize,
    /// Characters of a cell (`CELL_LIMIT`); it also bounds what an unclosed quote can swallow.
    pub cell_characters_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 512 << 20,
            text_bytes_max: 4 << 30,
            rows_max: 10_000_000,
            columns_max: 256,
            cell_characters_max: 32_767,
        }
    }
}
