//! The kind of a file, by its content alone: the one kind whose required columns its header has all.

use std::io::{Read, Seek};

use domain::code::FileCode;

use crate::{FileError, Kind, Limits, UploadError, open_surveyed, survey};

/// Where the kind stands in an object's key, of a file whose content is to tell it.
pub const AUTO: &str = "auto";

/// The kind of a file.
///
/// # Errors
/// [`UploadError::Refused`] with `KIND_UNCLEAR` where no kind fits or several do, else with what opening the file gives.
pub fn kind_of_file<R: Read + Seek>(mut source: R, limits: &Limits) -> Result<Kind, UploadError> {
    let survey = survey(&mut source, limits)?;
    let mut fitting = Vec::new();
    for kind in Kind::ALL {
        match open_surveyed(&mut source, kind, *limits, &survey) {
            Ok(upload) if upload.has_required_columns() => fitting.push(kind),
            Ok(_) => {}
            Err(UploadError::Refused(error)) if error.code == FileCode::HeaderMissing => {}
            Err(error) => return Err(error),
        }
    }
    match fitting.as_slice() {
        [kind] => Ok(*kind),
        [] => Err(unclear(
            "no kind's required columns are all there",
            "没有一种文件类型的必填列齐全",
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.as_str()).collect();
            let labels: Vec<&str> = several.iter().map(|kind| kind.in_chinese()).collect();
            Err(unclear(
                &format!("it has the columns of {}", names.join(" and of ")),
                &format!("同时具备以下类型的列：{}", labels.join("、")),
            ))
        }
    }
}

fn unclear(english: &str, chinese: &str) -> UploadError {
    FileError::new(FileCode::KindUnclear, format!("{english} | {chinese}")).into()
}
