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
    /// Columns of the header, and cells of any row (`COLUMN_LIMIT`).
    pub columns_max: usize,
    /// Characters of a cell (`CELL_LIMIT`); it also bounds what an unclosed quote can swallow.
    pub cell_characters_max: usize,
    /// Bytes that all parts of a workbook inflate to together; and those of the texts in its rows, a text that is shared or merged
    /// counting in each cell (`INFLATE_LIMIT`).
    pub sheet_bytes_max: u64,
    /// Data rows of a sheet, blank ones not counted (`ROW_LIMIT`).
    pub sheet_rows_max: u64,
    /// Entries of a workbook's zip (`ZIP_ENTRY_LIMIT`).
    pub zip_entries_max: u64,
    /// Shared strings of a workbook (`SHARED_STRING_LIMIT`).
    pub shared_strings_max: u64,
    /// Bytes of them together, kept in memory (`SHARED_STRING_LIMIT`).
    pub shared_string_bytes_max: u64,
    /// Cells of a sheet, empty ones that the file spells out included (`CELL_COUNT_LIMIT`).
    pub cells_max: u64,
    /// Bytes of `rejected.csv`, and of the texts in `repaired.xlsx`. An answer that would be larger holds what fits and says so
    /// (`ANSWER_LIMIT`).
    pub answer_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 512 << 20,
            text_bytes_max: 4 << 30,
            rows_max: 10_000_000,
            columns_max: 256,
            cell_characters_max: 32_767,
            sheet_bytes_max: 512 << 20,
            sheet_rows_max: 1_048_576,
            zip_entries_max: 10_000,
            // A full sheet with four texts of its own in every row, at four bytes of bookkeeping each: with their
            // text, 120 MB.
            shared_strings_max: 5_000_000,
            shared_string_bytes_max: 96 << 20,
            // A full sheet of all the columns that the widest kind knows, and some.
            cells_max: 20_000_000,
            answer_bytes_max: 160 << 20,
        }
    }
}
