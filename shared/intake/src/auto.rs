//! The kind of a file, by its content alone: the one kind whose required columns its header has all.

use std::io::{Read, Seek};

use domain::code::FileCode;

use crate::{Column, FileError, Filled, Kind, Limits, Need, UploadError, open_filled, survey};

/// Where the kind stands in an object's key, of a file whose content is to tell it.
pub const AUTO: &str = "auto";

/// The kind of a file; what the upload states of its rows stands for columns that it lacks.
///
/// # Errors
/// [`UploadError::Refused`] with `KIND_UNCLEAR` where no kind fits or several do, else with what opening the file gives.
pub fn kind_of_file<R: Read + Seek>(
    mut source: R,
    limits: &Limits,
    filled: &Filled,
) -> Result<Kind, UploadError> {
    let survey = survey(&mut source, limits)?;
    let mut fitting = Vec::new();
    let mut nearest: Option<(Kind, Vec<Column>, String)> = None;
    for kind in Kind::ALL {
        match open_filled(&mut source, kind, *limits, &survey, filled) {
            Ok(upload) if upload.has_required_columns() => fitting.push(kind),
            Ok(_) => {}
            Err(UploadError::Refused(error)) if error.code == FileCode::HeaderMissing => {
                let is_nearer = |(other, missing, _): &(Kind, Vec<Column>, String)| {
                    share_missing(kind, &error.missing) < share_missing(*other, missing)
                };
                if nearest.as_ref().is_none_or(is_nearer) {
                    nearest = Some((kind, error.missing, error.detail));
                }
            }
            Err(error) => return Err(error),
        }
    }
    match fitting.as_slice() {
        [kind] => Ok(*kind),
        [] => Err(unclear_but_near(nearest)),
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

/// No kind fits: what lacks of the one that comes nearest.
fn unclear_but_near(nearest: Option<(Kind, Vec<Column>, String)>) -> UploadError {
    let (english, chinese) = (
        "no kind's required columns are all there",
        "没有一种文件类型的必填列齐全",
    );
    let near = nearest.filter(|(kind, missing, _)| missing.len() < required(*kind));
    let Some((kind, _, detail)) = near else {
        return unclear(english, chinese);
    };
    let (lacks_en, lacks_zh) = detail.split_once(" | ").unwrap_or((&detail, &detail));
    unclear(
        &format!("{english}; it comes nearest to the kind {kind} and lacks {lacks_en}"),
        &format!(
            "{chinese}；最接近{}文件（{kind}），缺少{lacks_zh}",
            kind.in_chinese()
        ),
    )
}

/// Columns that a kind must have.
fn required(kind: Kind) -> usize {
    kind.columns()
        .iter()
        .filter(|(_, need)| *need == Need::Required)
        .count()
}

/// How much of what a kind must have is missing, in thousandths.
fn share_missing(kind: Kind, missing: &[Column]) -> usize {
    1_000 * missing.len() / required(kind).max(1)
}

fn unclear(english: &str, chinese: &str) -> UploadError {
    FileError::new(FileCode::KindUnclear, format!("{english} | {chinese}")).into()
}
