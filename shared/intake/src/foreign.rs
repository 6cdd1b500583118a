//! Files of kinds that are not read, told by their first bytes: what each is and how its sender gets what is read.

use domain::code::FileCode;
use memchr::memmem;

use crate::FileError;

/// The leading bytes of kinds of file that are not read, what it is, and the sender's remedy.
const REFUSED: &[(&[u8], &str, Remedy)] = &[
    (b"BZh", "bzip2", Remedy::Unpack),
    (b"\xfd7zXZ\x00", "xz", Remedy::Unpack),
    (b"7z\xbc\xaf\x27\x1c", "7z", Remedy::Unpack),
    (b"Rar!\x1a\x07", "RAR", Remedy::Unpack),
    (b"%PDF-", "PDF", Remedy::Export),
    (b"PAR1", "Parquet", Remedy::Save),
    (b"\x89PNG", "PNG", Remedy::Export),
    (b"\xff\xd8\xff", "JPEG", Remedy::Export),
    (b"{\\rtf", "RTF", Remedy::Export),
    (b"MIME-Version:", "MHTML", Remedy::ExportPage),
    (b"ID;P", "SYLK", Remedy::SaveWorkbook),
];

/// Microsoft's container of old: XLS, DOC, and workbooks with a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Bytes of a page that are looked at to tell what it is.
const PAGE_BYTES: usize = 4 << 10;

#[derive(Clone, Copy)]
enum Remedy {
    Save,
    SaveWorkbook,
    RemovePassword,
    Export,
    ExportPage,
    Unpack,
    UnpackTwice,
    Lines,
}

impl Remedy {
    fn refusal(self, name: &str) -> FileError {
        let (english, chinese) = match self {
            Self::Save => ("save it as CSV UTF-8", "请另存为 CSV UTF-8"),
            Self::SaveWorkbook => (
                "open it in Excel or WPS and save it as XLSX",
                "请用 Excel 或 WPS 打开，另存为 XLSX",
            ),
            Self::RemovePassword => (
                "open it, remove the password and save it as XLSX",
                "请打开文件，取消密码（加密）后另存为 XLSX",
            ),
            Self::Export => ("export the table as XLSX or CSV", "请将表格导出为 XLSX 或 CSV"),
            // A spreadsheet makes numbers of a page's order ids, and keeps 15 digits of each.
            Self::ExportPage => (
                "export it anew as XLSX or CSV; opened and saved in a spreadsheet, order numbers may lose their last digits",
                "请重新导出为 XLSX 或 CSV；用表格软件打开再另存，订单号末位可能丢失",
            ),
            Self::Unpack => ("unpack it first", "请先解压"),
            Self::UnpackTwice => (
                "inside a compressed file: unpack it once",
                "在压缩文件里，请先解压一层",
            ),
            Self::Lines => ("write one object a line", "请每行写一个对象（JSON Lines）"),
        };
        FileError::new(
            FileCode::FileType,
            format!("{name} — {english} | {name}，{chinese}"),
        )
    }
}

/// `FILE_TYPE`: something packed within what was packed; that is never followed.
pub(crate) fn packed_twice(nested: &str) -> FileError {
    Remedy::UnpackTwice.refusal(nested)
}

/// Refuses what is no table that we read, by its first bytes.
///
/// # Errors
/// `FILE_TYPE` with what it is and the remedy.
pub(crate) fn refuse_unread(text: &[u8]) -> Result<(), FileError> {
    let text = text.trim_ascii_start();
    if text.starts_with(COMPOUND) {
        return Err(compound(text));
    }
    if let Some(json) = json_over_lines(text) {
        return Err(json);
    }
    if text.starts_with(b"<") {
        return Err(page(&text[..text.len().min(PAGE_BYTES)]));
    }
    match REFUSED.iter().find(|(magic, ..)| text.starts_with(magic)) {
        Some((_, name, remedy)) => Err(remedy.refusal(name)),
        None => Ok(()),
    }
}

/// An array of objects, or an object that is spread over lines.
fn json_over_lines(text: &[u8]) -> Option<FileError> {
    let (first, rest) = text.split_first()?;
    let is_spread = match first {
        b'[' => rest.trim_ascii_start().starts_with(b"{"),
        b'{' => {
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
            blank.into_iter().any(|byte| matches!(byte, b'\n' | b'\r'))
        }
        _ => false,
    };
    is_spread.then(|| Remedy::Lines.refusal("JSON"))
}

/// A compound file, by the names of the streams in it, where they are among the bytes at hand.
fn compound(bytes: &[u8]) -> FileError {
    let holds = |name: &str| {
        let name: Vec<u8> = name.bytes().flat_map(|byte| [byte, 0]).collect();
        memmem::find(bytes, &name).is_some()
    };
    if holds("EncryptedPackage") {
        Remedy::RemovePassword.refusal("encrypted XLSX")
    } else if holds("WordDocument") {
        Remedy::Export.refusal("DOC")
    } else {
        Remedy::SaveWorkbook.refusal("XLS (Excel 97–2003, WPS ET)")
    }
}

/// A page or XML, by the words at its beginning.
fn page(text: &[u8]) -> FileError {
    let text = text.to_ascii_lowercase();
    let holds = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
    if holds("schemas-microsoft-com:office:spreadsheet") {
        Remedy::SaveWorkbook.refusal("XML Spreadsheet 2003 (XLS)")
    } else if ["<html", "<table", "<meta", "<!doctype html"]
        .into_iter()
        .any(holds)
    {
        // Many an ERP exports its tables so.
        Remedy::ExportPage.refusal("HTML (XLS)")
    } else {
        Remedy::Export.refusal("XML")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &[u8]) -> String {
        let refusal = refuse_unread(text).expect_err("refused");
        assert_eq!(refusal.code, FileCode::FileType);
        refusal.detail
    }

    #[test]
    fn other_kinds_of_file_are_named_with_the_remedy() {
        for (head, name, remedy) in [
            (&b"Rar!\x1a\x07\x01"[..], "RAR", "解压"),
            (b"\x89PNG\r\n", "PNG", "XLSX or CSV"),
            (b"PAR1", "Parquet", "CSV UTF-8"),
            (b"{\\rtf1\\ansi", "RTF", "导出"),
            (b"<html><table>", "HTML", "lose their last digits"),
            (b" \n<TABLE border=1>", "HTML", "末位可能丢失"),
            (b"<?xml version=\"1.0\"?><orders/>", "XML", "export"),
            (
                b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                "XML Spreadsheet 2003",
                "save it as XLSX",
            ),
            (b"MIME-Version: 1.0\r\n", "MHTML", "lose their last digits"),
        ] {
            let detail = refusal(head);
            assert!(detail.contains(name) && detail.contains(remedy), "{detail}");
        }
    }

    #[test]
    fn a_workbook_with_a_password_is_told_from_an_old_one() {
        let stream = |name: &str| -> Vec<u8> {
            let name = name.bytes().flat_map(|byte| [byte, 0]);
            COMPOUND.iter().copied().chain([0; 504]).chain(name).collect()
        };
        assert!(refusal(&stream("EncryptedPackage")).contains("remove the password"));
        assert!(refusal(&stream("Workbook")).contains("save it as XLSX"));
        assert!(refusal(&stream("WordDocument")).contains("DOC"));
        assert!(refusal(COMPOUND).contains("XLS"));
    }

    #[test]
    fn json_that_is_not_one_object_a_line_is_told() {
        for text in [
            "[{\"a\": 1}]",
            "[\n  {\n",
            "{\n  \"seller_id\": \"S1\"\n}",
            "{ \r\n}",
        ] {
            assert!(refusal(text.as_bytes()).contains("one object a line"), "{text:?}");
        }
        for text in ["{\"a\": 1}\n", "{}\n", "{ \"a\": 1}", "[a],b", "{"] {
            assert!(refuse_unread(text.as_bytes()).is_ok(), "{text:?}");
        }
    }
}
