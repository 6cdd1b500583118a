//! Workbooks for tests, written by hand part by part.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::sheet::{ReadRow, Sheet, SheetAbout};
use crate::{CellMark, Limits, RawRow, UploadError};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook of one sheet, to be varied.
pub(super) struct Maker {
    /// Name, state and part of each sheet.
    pub(super) sheets: Vec<(String, String, String)>,
    pub(super) shared: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) workbook_properties: String,
    pub(super) method: CompressionMethod,
}

impl Maker {
    /// A workbook whose sheet has this between `<sheetData>` and its end.
    pub(super) fn of_rows(rows: &str) -> Self {
        Self::of_sheet(&sheet(rows, ""))
    }

    /// A workbook whose sheet is this part.
    pub(super) fn of_sheet(part: &str) -> Self {
        Self {
            sheets: vec![("Sheet1".into(), String::new(), part.into())],
            shared: None,
            styles: None,
            workbook_properties: String::new(),
            method: CompressionMethod::Deflated,
        }
    }

    /// With one more sheet behind the others.
    pub(super) fn and_sheet(mut self, name: &str, state: &str, rows: &str) -> Self {
        self.sheets.push((name.into(), state.into(), sheet(rows, "")));
        self
    }

    /// With these shared texts, `<si>` by `<si>`.
    pub(super) fn shared(mut self, items: &str) -> Self {
        self.shared = Some(format!("<sst xmlns=\"{MAIN}\">{items}</sst>"));
        self
    }

    /// With these number formats as the styles 1, 2, 3 …; a number is a built-in format's.
    pub(super) fn formats(mut self, codes: &[&str]) -> Self {
        let (mut own, mut styles) = (String::new(), "<xf numFmtId=\"0\"/>".to_owned());
        for (index, code) in codes.iter().enumerate() {
            let built_in = code.parse::<usize>().ok().filter(|_| !code.starts_with('0'));
            let id = built_in.unwrap_or(164 + index);
            if built_in.is_none() {
                own += &format!(
                    "<numFmt numFmtId=\"{id}\" formatCode=\"{}\"/>",
                    code.replace('"', "&quot;")
                );
            }
            styles += &format!("<xf numFmtId=\"{id}\" applyNumberFormat=\"1\"/>");
        }
        self.styles = Some(format!(
            "<styleSheet xmlns=\"{MAIN}\"><numFmts>{own}</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
             <cellXfs>{styles}</cellXfs></styleSheet>"
        ));
        self
    }

    /// The parts by name.
    pub(super) fn parts(&self) -> Vec<(String, String)> {
        let (mut tabs, mut relations) = (String::new(), String::new());
        let mut parts = Vec::new();
        for (index, (name, state, part)) in self.sheets.iter().enumerate() {
            let state = if state.is_empty() {
                String::new()
            } else {
                format!(" state=\"{state}\"")
            };
            tabs += &format!("<sheet name=\"{name}\" sheetId=\"{index}\"{state} r:id=\"rId{index}\"/>");
            relations += &relation(
                &format!("rId{index}"),
                "worksheet",
                &format!("worksheets/sheet{index}.xml"),
            );
            parts.push((format!("xl/worksheets/sheet{index}.xml"), part.clone()));
        }
        if let Some(shared) = &self.shared {
            relations += &relation("rIdS", "sharedStrings", "/xl/sharedStrings.xml");
            parts.push(("xl/sharedStrings.xml".into(), shared.clone()));
        }
        if let Some(styles) = &self.styles {
            relations += &relation("rIdY", "styles", "styles.xml");
            parts.push(("xl/styles.xml".into(), styles.clone()));
        }
        let properties = &self.workbook_properties;
        parts.push((
            "xl/workbook.xml".into(),
            format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{LINKS}\">{properties}<sheets>{tabs}</sheets></workbook>"),
        ));
        parts.push(("xl/_rels/workbook.xml.rels".into(), relation_part(&relations)));
        let root = relation("rId1", "officeDocument", "xl/workbook.xml");
        parts.push(("_rels/.rels".into(), relation_part(&root)));
        parts
    }

    /// The file.
    pub(super) fn build(&self) -> Vec<u8> {
        zipped(&self.parts(), self.method)
    }
}

/// A sheet's part.
pub(super) fn sheet(rows: &str, behind: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData>{behind}</worksheet>"
    )
}

pub(super) fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{LINKS}/{kind}\" Target=\"{target}\"/>")
}

fn relation_part(relations: &str) -> String {
    format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>"
    )
}

/// A zip of these parts.
pub(super) fn zipped(parts: &[(String, String)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, part) in parts {
        writer.start_file(name.as_str(), options).expect("a new entry");
        writer.write_all(part.as_bytes()).expect("written to memory");
    }
    writer.finish().expect("written to memory").into_inner()
}

/// Reads a file's rows, cells that are formulas followed by `=`, numbers by `#`.
pub(super) fn read(file: &[u8], limits: &Limits) -> Result<(Vec<Vec<String>>, SheetAbout), UploadError> {
    read_named(file, limits, None)
}

pub(super) fn read_named(
    file: &[u8],
    limits: &Limits,
    named: Option<&str>,
) -> Result<(Vec<Vec<String>>, SheetAbout), UploadError> {
    let has_header = |read: &mut ReadRow<'_>| {
        let mut row = RawRow::default();
        Ok(read(&mut row)? && row.cells().any(|cell| cell == "order_id"))
    };
    let mut sheet = Sheet::open(Cursor::new(file), limits, named, &has_header)?;
    let (mut rows, mut row) = (Vec::new(), RawRow::default());
    while sheet.read(&mut row)? {
        let marked = |index: usize, cell: &str| {
            let formula = if row.is_marked(index, CellMark::Formula) {
                "="
            } else {
                ""
            };
            let number = if row.is_marked(index, CellMark::Number) {
                "#"
            } else {
                ""
            };
            format!("{cell}{formula}{number}")
        };
        rows.push(
            row.cells()
                .enumerate()
                .map(|(index, cell)| marked(index, cell))
                .collect(),
        );
    }
    Ok((rows, sheet.about().clone()))
}

/// The rows of a file that is sound.
pub(super) fn rows(file: &[u8]) -> Vec<Vec<String>> {
    read(file, &Limits::default()).expect("sound").0
}

/// The code and the detail by which a file is refused.
pub(super) fn refused(file: &[u8], limits: &Limits) -> (&'static str, String) {
    match read(file, limits) {
        Err(UploadError::Refused(refusal)) => (refusal.code.as_str(), refusal.detail),
        Err(UploadError::Read(error)) => panic!("no fault of the file: {error}"),
        Ok((rows, _)) => panic!("read: {} rows", rows.len()),
    }
}
