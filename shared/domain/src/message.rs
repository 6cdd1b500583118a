//! What answer files say of a code, in English and Chinese: cause and remedy (D1), from `data/messages.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::code::FileCode;
use crate::{Finding, RowCode};

/// The texts of one finding, filled in. `message_*` is the cause, `fix_*` the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The cause, in English.
    pub message_en: String,
    /// The cause, in Chinese.
    pub message_zh: String,
    /// The remedy, in English.
    pub fix_en: String,
    /// The remedy, in Chinese.
    pub fix_zh: String,
}

/// What a finding's code means to the person who wrote the row. A detail may hold both languages, English first and
/// ` | ` between them; a detail of one language serves both.
pub fn message(finding: &Finding) -> Message {
    let catalogue = &*SHIPPED;
    let column_zh = catalogue.columns.get(&finding.column).unwrap_or(&finding.column);
    catalogue.rows[&finding.code].filled(&finding.value, [&finding.column, column_zh], &finding.detail)
}

/// What a file's code means to the person who uploaded it. `detail` as in [`message`]; it may be empty.
pub fn file_message(code: FileCode, detail: &str) -> Message {
    SHIPPED.files[&code].filled("", ["", ""], detail)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    /// Canonical column name → its Chinese label.
    columns: HashMap<String, String>,
    rows: BTreeMap<RowCode, Texts>,
    files: BTreeMap<FileCode, Texts>,
}

/// The texts of one code; the `detail` ones stand in for their neighbours when there is a detail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    cause_en: String,
    cause_zh: String,
    fix_en: String,
    fix_zh: String,
    cause_detail_en: Option<String>,
    cause_detail_zh: Option<String>,
    fix_detail_en: Option<String>,
    fix_detail_zh: Option<String>,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
enum CatalogueError {
    #[error("the message catalogue is not TOML of the catalogue's shape")]
    Shape { source: Box<toml::de::Error> },
    #[error("the message catalogue has no texts for {code}")]
    CodeMissing { code: &'static str },
}

static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::parse(include_str!("../data/messages.toml"))
        .expect("a test reads the shipped message catalogue")
});

impl Catalogue {
    /// A catalogue with texts for every code: `message` indexes it.
    fn parse(toml: &str) -> Result<Self, CatalogueError> {
        let catalogue: Self = toml::from_str(toml).map_err(|source| CatalogueError::Shape {
            source: Box::new(source),
        })?;
        let row = RowCode::ALL
            .iter()
            .find(|code| !catalogue.rows.contains_key(code))
            .map(|code| code.as_str());
        let file = FileCode::ALL
            .iter()
            .find(|code| !catalogue.files.contains_key(code))
            .map(|code| code.as_str());
        match row.or(file) {
            Some(code) => Err(CatalogueError::CodeMissing { code }),
            None => Ok(catalogue),
        }
    }
}

impl Texts {
    /// `columns` and `detail` in English and Chinese.
    fn filled(&self, value: &str, columns: [&str; 2], detail: &str) -> Message {
        let (detail_en, detail_zh) = detail.split_once(" | ").unwrap_or((detail, detail));
        let english = Filling {
            value,
            column: columns[0],
            detail: detail_en,
        };
        let chinese = Filling {
            value,
            column: columns[1],
            detail: detail_zh,
        };
        let is_detail_used = self.cause_detail_en.is_some() || self.fix_detail_en.is_some();
        let mut message = Message {
            message_en: english.fill(&self.cause_en, self.cause_detail_en.as_ref()),
            message_zh: chinese.fill(&self.cause_zh, self.cause_detail_zh.as_ref()),
            fix_en: english.fill(&self.fix_en, self.fix_detail_en.as_ref()),
            fix_zh: chinese.fill(&self.fix_zh, self.fix_detail_zh.as_ref()),
        };
        if !detail.is_empty() && !is_detail_used {
            message.message_en.push_str(&format!(" ({detail_en})"));
            message.message_zh.push_str(&format!("（{detail_zh}）"));
        }
        message
    }
}

/// What stands for the placeholders, in one language.
struct Filling<'a> {
    value: &'a str,
    column: &'a str,
    detail: &'a str,
}

impl Filling<'_> {
    fn fill(&self, plain: &str, with_detail: Option<&String>) -> String {
        let template = with_detail
            .filter(|_| !self.detail.is_empty())
            .map_or(plain, String::as_str);
        let room = template.len() + self.value.len() + self.column.len() + self.detail.len();
        let mut filled = String::with_capacity(room);
        for part in placeholders(template) {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Placeholder("value") => filled.push_str(self.value),
                Part::Placeholder("column") => filled.push_str(self.column),
                Part::Placeholder("detail") => filled.push_str(self.detail),
                Part::Placeholder(unknown) => filled.extend(["{", unknown, "}"]),
            }
        }
        filled
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

/// A template's parts in order. What fills a placeholder is not read again: a cell may hold braces.
fn placeholders(template: &str) -> impl Iterator<Item = Part<'_>> {
    template.split('{').enumerate().flat_map(|(index, piece)| {
        match piece.split_once('}') {
            Some((name, text)) if index > 0 => [Some(Part::Placeholder(name)), Some(Part::Text(text))],
            _ => [Some(Part::Text(piece)), None],
        }
        .into_iter()
        .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn named(template: &str) -> BTreeSet<&str> {
        let name = |part| {
            if let Part::Placeholder(name) = part {
                Some(name)
            } else {
                None
            }
        };
        placeholders(template).filter_map(name).collect()
    }

    fn catalogue() -> Catalogue {
        Catalogue::parse(include_str!("../data/messages.toml")).expect("the shipped catalogue")
    }

    fn assert_parity(code: &str, english: &str, chinese: &str, allowed: &[&str]) {
        assert!(
            english.ends_with('.') && chinese.ends_with('。'),
            "{code}: a sentence ends"
        );
        assert!(
            english.is_ascii() && !chinese.is_ascii(),
            "{code}: each language in its place"
        );
        assert_eq!(named(english), named(chinese), "{code}: the same placeholders");
        assert!(
            named(english).iter().all(|name| allowed.contains(name)),
            "{code}: {:?}",
            named(english)
        );
    }

    fn assert_texts(code: &str, texts: &Texts, allowed: &[&str]) {
        assert_parity(code, &texts.cause_en, &texts.cause_zh, allowed);
        assert_parity(code, &texts.fix_en, &texts.fix_zh, allowed);
        let detailed = [
            (&texts.cause_detail_en, &texts.cause_detail_zh),
            (&texts.fix_detail_en, &texts.fix_detail_zh),
        ];
        for (english, chinese) in detailed {
            assert_eq!(
                english.is_some(),
                chinese.is_some(),
                "{code}: a detail in both languages"
            );
            let (Some(english), Some(chinese)) = (english, chinese) else {
                continue;
            };
            assert_parity(code, english, chinese, &[allowed, &["detail"]].concat());
            assert!(
                named(english).contains("detail"),
                "{code}: a text for a detail shows it"
            );
        }
    }

    #[test]
    fn every_code_has_cause_and_remedy_in_both_languages() {
        let catalogue = catalogue();
        assert_eq!(catalogue.rows.len(), RowCode::ALL.len());
        assert_eq!(catalogue.files.len(), FileCode::ALL.len());
        for (code, texts) in &catalogue.rows {
            assert_texts(code.as_str(), texts, &["value", "column"]);
        }
        for (code, texts) in &catalogue.files {
            assert_texts(code.as_str(), texts, &[]);
        }
    }

    #[test]
    fn a_message_names_value_column_and_detail() {
        let finding = Finding::new(RowCode::NumFormat, "tracking_number", "YT2229521272164446")
            .with_detail("fits Yanwen, YunExpress | 符合燕文、云途的单号规则");
        let message = message(&finding);
        assert_eq!(
            message.message_zh,
            "运单号“YT2229521272164446”不符合所填承运商的单号规则。"
        );
        assert!(
            message
                .fix_en
                .starts_with("The number fits Yanwen, YunExpress: correct the carrier"),
            "{message:?}"
        );
        assert!(
            message
                .fix_zh
                .starts_with("该单号符合燕文、云途的单号规则：如果承运商填错"),
            "{message:?}"
        );
        let missing = super::message(&Finding::new(RowCode::CellMissing, "paid_at", ""));
        assert_eq!(missing.message_en, "The required cell paid_at is empty.");
        assert_eq!(missing.message_zh, "必填项“付款时间”为空。");
    }

    #[test]
    fn a_message_without_detail_reads_well() {
        let message = message(&Finding::new(RowCode::NumFormat, "tracking_number", "?"));
        assert!(message.fix_en.starts_with("Copy the number again"), "{message:?}");
        assert_eq!(
            file_message(FileCode::FileTooLarge, "").message_zh,
            "文件大小超过上限。"
        );
        assert_eq!(
            file_message(FileCode::FileTooLarge, "512 MB").message_zh,
            "文件大小超过上限 512 MB。"
        );
    }

    #[test]
    fn a_detail_that_no_text_uses_is_not_lost() {
        let finding = Finding::new(RowCode::NumEmpty, "tracking_number", "").with_detail("row 7 | 第 7 行");
        let message = message(&finding);
        assert_eq!(message.message_en, "The row has no tracking number. (row 7)");
        assert_eq!(message.message_zh, "该行没有填写运单号。（第 7 行）");
    }

    #[test]
    fn braces_in_a_cell_stay_as_they_are() {
        let finding =
            Finding::new(RowCode::CarrierUnknown, "carrier", "{detail} {x").with_detail("fits {value}");
        let message = message(&finding);
        assert_eq!(
            message.message_en,
            "The carrier \"{detail} {x\" is in no carrier table."
        );
        assert!(
            message.fix_en.starts_with("The number fits {value}: "),
            "{message:?}"
        );
    }

    #[test]
    fn a_catalogue_without_a_code_is_refused() {
        let refused = Catalogue::parse("columns = {}\nrows = {}\nfiles = {}")
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            refused.unwrap_or_default(),
            "the message catalogue has no texts for CELL_MISSING"
        );
        assert!(Catalogue::parse("rows = 1").is_err());
    }
}
