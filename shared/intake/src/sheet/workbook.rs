//! The workbook: its sheets in their order, and where its parts lie.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use domain::code::FileCode;

use super::archive::Archive;
use super::damaged;
use super::package::Package;
use super::serial::Epoch;
use super::xml::Node;
use crate::{FileError, UploadError};

const RELATIONS: &str = "_rels/.rels";
const WORKBOOK: &str = "xl/workbook.xml";

/// What a workbook says about itself.
#[derive(Debug, Default)]
pub(super) struct Workbook {
    pub(super) epoch: Epoch,
    /// Sheets of cells in the order of their tabs; charts and macro sheets left out.
    pub(super) sheets: Vec<Tab>,
    /// The parts of shared texts and of styles, where it has them.
    pub(super) shared_strings: Option<String>,
    pub(super) styles: Option<String>,
}

/// A sheet of cells.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) name: String,
    pub(super) part: String,
    pub(super) hidden: bool,
}

/// What a part says that it belongs to: by id, the kind and the part's name.
type Relations = BTreeMap<String, (String, String)>;

impl Workbook {
    /// Reads the workbook.
    ///
    /// # Errors
    /// `FILE_TYPE` when the zip is none, with what it is; `FILE_DAMAGED`.
    pub(super) fn read<R: Read + Seek>(package: &mut Package<R>) -> Result<Self, UploadError> {
        let part = locate(package)?;
        let relations = relations_of(package, &part)?;
        let of_kind = |kind: &str| {
            let found = relations.values().find(|(found, _)| found == kind);
            found.map(|(_, target)| target.clone())
        };
        let mut workbook = Self {
            shared_strings: of_kind("sharedStrings"),
            styles: of_kind("styles"),
            ..Self::default()
        };
        let Some(mut xml) = package.small(&part)? else {
            return Err(damaged("the workbook's own part is missing", "缺少工作簿内容"));
        };
        let mut is_workbook = false;
        loop {
            match xml.next()? {
                Node::Open(tag) if tag.name() == b"workbook" => is_workbook = true,
                Node::Open(_) if !is_workbook => return Err(no_workbook(package.archive()).into()),
                Node::Open(tag) if tag.name() == b"workbookPr" && tag.is(b"date1904")? => {
                    workbook.epoch = Epoch::Year1904;
                }
                Node::Open(tag) if tag.name() == b"sheet" => {
                    let id = tag.attribute(b"id")?.unwrap_or_default();
                    if let Some((kind, part)) = relations.get(&id)
                        && kind == "worksheet"
                    {
                        workbook.sheets.push(Tab {
                            name: tag.attribute(b"name")?.unwrap_or_default(),
                            part: part.clone(),
                            hidden: tag.attribute(b"state")?.is_some_and(|state| state != "visible"),
                        });
                    }
                }
                Node::End => break,
                _ => {}
            }
        }
        let bytes = xml.bytes();
        package.charge(bytes);
        Ok(workbook)
    }
}

/// Finds the workbook's part, by the package's relations or where every spreadsheet puts it.
fn locate<R: Read + Seek>(package: &mut Package<R>) -> Result<String, UploadError> {
    let relations = relations(package, RELATIONS, "")?;
    let stated = relations
        .into_values()
        .find(|(kind, _)| kind == "officeDocument")
        .map(|(_, target)| target);
    let archive = package.archive();
    match stated {
        // Excel's binary dialect goes by the same relation.
        Some(part) if part.ends_with(".xml") && archive.find(&part).is_some() => Ok(part),
        _ if archive.find(WORKBOOK).is_some() => Ok(WORKBOOK.to_owned()),
        _ => Err(no_workbook(archive).into()),
    }
}

fn relations_of<R: Read + Seek>(package: &mut Package<R>, part: &str) -> Result<Relations, UploadError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let separator = if folder.is_empty() { "" } else { "/" };
    relations(package, &format!("{folder}{separator}_rels/{name}.rels"), folder)
}

/// Reads a part of relations; none when it is missing. Targets are taken from `folder`.
fn relations<R: Read + Seek>(
    package: &mut Package<R>,
    part: &str,
    folder: &str,
) -> Result<Relations, UploadError> {
    let mut relations = Relations::new();
    let Some(mut xml) = package.small(part)? else {
        return Ok(relations);
    };
    loop {
        match xml.next()? {
            Node::Open(tag) if tag.name() == b"Relationship" => {
                let external = tag.attribute(b"TargetMode")?.as_deref() == Some("External");
                if let (Some(id), Some(kind), Some(target), false) = (
                    tag.attribute(b"Id")?,
                    tag.attribute(b"Type")?,
                    tag.attribute(b"Target")?,
                    external,
                ) {
                    // The two dialects name the same kind by different addresses.
                    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                    relations.insert(id, (kind, resolve(folder, &target)));
                }
            }
            Node::End => break,
            _ => {}
        }
    }
    let bytes = xml.bytes();
    package.charge(bytes);
    Ok(relations)
}

/// A target's part: from the root when it begins with `/`, else from the folder of the part that names it.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').collect()
    };
    for step in target.split('/') {
        match step {
            ".." => {
                steps.pop();
            }
            "." | "" => {}
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

/// What a zip is that holds no workbook, by the names in it, and the sender's remedy.
fn no_workbook(archive: &Archive) -> FileError {
    const KNOWN: &[(&str, &str)] = &[
        ("xl/workbook.bin", "XLSB"),
        ("word/document.xml", "DOCX"),
        ("ppt/presentation.xml", "PPTX"),
        ("index/document.iwa", "Apple Numbers / Pages"),
        ("content.xml", "ODS / ODT"),
        ("androidmanifest.xml", "APK"),
        ("meta-inf/manifest.mf", "JAR"),
    ];
    let known = KNOWN.iter().find(|(part, _)| archive.find(part).is_some());
    let detail = match known {
        Some((_, name)) => {
            format!("{name} — save it as XLSX or CSV UTF-8 | {name}，请另存为 XLSX 或 CSV UTF-8")
        }
        None => "ZIP — unpack it first | ZIP，请先解压".to_owned(),
    };
    FileError::new(FileCode::FileType, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_the_folder_or_from_the_root() {
        for (target, part) in [
            ("worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("./styles.xml", "xl/styles.xml"),
            ("../xl/styles.xml", "xl/styles.xml"),
            ("../../../styles.xml", "styles.xml"),
            ("worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
        ] {
            assert_eq!(resolve("xl", target), part, "{target}");
        }
        assert_eq!(resolve("", "xl/workbook.xml"), "xl/workbook.xml");
    }
}
