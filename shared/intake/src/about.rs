//! What an upload turned out to be: the answer tells its sender how the file was read.

use std::fmt;

use serde::Serialize;

/// How a file was read, and what of it was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// What kind of table it is.
    pub format: Format,
    /// How it was packed, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// How its text is encoded; `None` for a workbook, whose parts say it themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// What stands between its cells: `,` `;` or tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The sheet that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The sheets that were not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_sheets: Vec<String>,
    /// Rows above the header, blank ones not counted: titles, which are not read.
    pub title_rows: u64,
    /// Rows that the spreadsheet hides: they were read like any other.
    pub hidden_rows: u64,
    /// Ranges of merged cells.
    pub merged_ranges: u64,
    /// Cells that hold a formula: the value last computed was read.
    pub formula_cells: u64,
    /// Rows of totals and remarks at the end: they are no data and were not counted.
    pub totals_rows: u64,
}

impl About {
    /// Of a table of which nothing more is known yet.
    pub(crate) fn of(format: Format) -> Self {
        Self {
            format,
            compression: None,
            encoding: None,
            delimiter: None,
            sheet: None,
            other_sheets: Vec::new(),
            title_rows: 0,
            hidden_rows: 0,
            merged_ranges: 0,
            formula_cells: 0,
            totals_rows: 0,
        }
    }
}

/// Kinds of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// A workbook's sheet.
    Xlsx,
    /// One JSON object a line.
    JsonLines,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::JsonLines => "JSON Lines",
        })
    }
}

/// Ways to pack a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// `.gz`, of one member or several.
    Gzip,
    /// `.zst`, of one frame or several.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Encodings that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the low byte first, by its byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first, by its byte order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// GB18030, and with it GBK and GB2312.
    #[serde(rename = "gb18030")]
    Gb18030,
}

impl Encoding {
    /// What decodes it; `None` for UTF-8.
    pub(crate) fn codec(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(encoding_rs::UTF_16LE),
            Self::Utf16Be => Some(encoding_rs::UTF_16BE),
            Self::Gb18030 => Some(encoding_rs::GB18030),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Gb18030 => "GB18030",
        })
    }
}
