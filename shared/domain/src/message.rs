//! What answer files say of a code, in English and Chinese: cause and remedy (D1), from `data/messages.toml`.

mod template;

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use serde::Deserialize;

use self::template::{Filling, Template};
use crate::code::{Cause, FileCode};
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

/// A language of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

/// What is to be said of a finding, to be written where it belongs: [`message()`] without texts of its own.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    texts: &'static Texts,
    english: Filling<'a>,
    chinese: Filling<'a>,
}

/// What a finding's code means to the person who wrote the row. A detail may hold both languages, English first and
/// ` | ` between them; a detail of one language serves both.
pub fn message(finding: &Finding) -> Message {
    telling(finding).message()
}

/// As [`message()`], to be written.
pub fn telling(finding: &Finding) -> Telling<'_> {
    let catalogue = &*SHIPPED;
    let column = finding.column.as_str();
    let column_zh = catalogue.columns.get(column).map_or(column, String::as_str);
    let columns = [column, column_zh];
    let texts = &catalogue.rows[&finding.code];
    let of_cause = finding.cause.and_then(|cause| texts.causes.get(&cause));
    of_cause
        .unwrap_or(texts)
        .filled(&finding.value, columns, &finding.detail, &finding.proposal)
}

/// A column's Chinese label, by its canonical name; the name itself where there is none.
pub fn column_in_chinese(column: &str) -> &str {
    SHIPPED.columns.get(column).map_or(column, String::as_str)
}

/// What a file's code means to the person who uploaded it. `detail` as in [`message()`]; it may be empty.
pub fn file_message(code: FileCode, detail: &str) -> Message {
    SHIPPED.files[&code].filled("", ["", ""], detail, "").message()
}

impl Telling<'_> {
    /// Writes the cause.
    pub fn push_cause(&self, language: Language, out: &mut String) {
        let texts = self.texts;
        match language {
            Language::English => {
                self.english
                    .push(&texts.cause_en, texts.cause_detail_en.as_ref(), out);
                if let Some(detail) = self.detail_left(&self.english) {
                    out.extend([" (", detail, ")"]);
                }
            }
            Language::Chinese => {
                self.chinese
                    .push(&texts.cause_zh, texts.cause_detail_zh.as_ref(), out);
                if let Some(detail) = self.detail_left(&self.chinese) {
                    out.extend(["（", detail, "）"]);
                }
            }
        }
    }

    /// Writes the remedy.
    pub fn push_fix(&self, language: Language, out: &mut String) {
        let texts = self.texts;
        let (filling, plain, detailed, proposing) = match language {
            Language::English => (
                &self.english,
                &texts.fix_en,
                &texts.fix_detail_en,
                &texts.fix_proposal_en,
            ),
            Language::Chinese => (
                &self.chinese,
                &texts.fix_zh,
                &texts.fix_detail_zh,
                &texts.fix_proposal_zh,
            ),
        };
        match proposing {
            Some(proposing) if !filling.proposal.is_empty() => filling.push(proposing, None, out),
            _ => filling.push(plain, detailed.as_ref(), out),
        }
    }

    /// The detail, where no text has a place for it.
    fn detail_left<'f>(&self, filling: &Filling<'f>) -> Option<&'f str> {
        let is_used = self.texts.cause_detail_en.is_some() || self.texts.fix_detail_en.is_some();
        (filling.has_detail && !is_used).then_some(filling.detail)
    }

    fn message(&self) -> Message {
        let text = |push: &dyn Fn(&mut String)| {
            let mut text = String::new();
            push(&mut text);
            text
        };
        Message {
            message_en: text(&|out| self.push_cause(Language::English, out)),
            message_zh: text(&|out| self.push_cause(Language::Chinese, out)),
            fix_en: text(&|out| self.push_fix(Language::English, out)),
            fix_zh: text(&|out| self.push_fix(Language::Chinese, out)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    /// Canonical column name → its Chinese label.
    columns: HashMap<String, String, FixedState>,
    rows: BTreeMap<RowCode, Texts>,
    files: BTreeMap<FileCode, Texts>,
}

/// The texts of one code; the `detail` ones stand in for their neighbours when there is a detail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    cause_en: Template,
    cause_zh: Template,
    fix_en: Template,
    fix_zh: Template,
    cause_detail_en: Option<Template>,
    cause_detail_zh: Option<Template>,
    fix_detail_en: Option<Template>,
    fix_detail_zh: Option<Template>,
    /// The remedy where a value is proposed.
    fix_proposal_en: Option<Template>,
    fix_proposal_zh: Option<Template>,
    /// The texts of single causes, in place of all of these.
    #[serde(default)]
    causes: BTreeMap<Cause, Texts>,
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
    fn filled<'a>(
        &'static self,
        value: &'a str,
        columns: [&'a str; 2],
        detail: &'a str,
        proposal: &'a str,
    ) -> Telling<'a> {
        let (detail_en, detail_zh) = detail.split_once(" | ").unwrap_or((detail, detail));
        let filling = |column, in_language| Filling {
            value,
            column,
            detail: in_language,
            has_detail: !detail.is_empty(),
            proposal,
        };
        Telling {
            texts: self,
            english: filling(columns[0], detail_en),
            chinese: filling(columns[1], detail_zh),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::template::Part;
    use super::*;
    use std::collections::BTreeSet;

    fn named(template: &Template) -> BTreeSet<&str> {
        let name = |part: &Part| match part {
            Part::Text(at) => template.text[at.clone()].starts_with('{').then_some("unknown"),
            Part::Value => Some("value"),
            Part::Column => Some("column"),
            Part::Detail => Some("detail"),
            Part::Proposal => Some("proposal"),
        };
        template.parts.iter().filter_map(name).collect()
    }

    fn catalogue() -> Catalogue {
        Catalogue::parse(include_str!("../data/messages.toml")).expect("the shipped catalogue")
    }

    fn assert_parity(code: &str, english: &Template, chinese: &Template, allowed: &[&str]) {
        assert!(
            english.text.ends_with('.') && chinese.text.ends_with('。'),
            "{code}: a sentence ends"
        );
        assert!(
            english.text.is_ascii() && !chinese.text.is_ascii(),
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
        let proposing = (&texts.fix_proposal_en, &texts.fix_proposal_zh);
        if let (Some(english), Some(chinese)) = proposing {
            assert_parity(code, english, chinese, &[allowed, &["proposal"]].concat());
            assert!(named(english).contains("proposal"), "{code}: a proposal is shown");
        } else {
            assert!(
                proposing.0.is_none() && proposing.1.is_none(),
                "{code}: a proposal in both languages"
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
            for (cause, texts) in &texts.causes {
                let code = format!("{code} {cause:?}");
                assert!(texts.causes.is_empty(), "{code}: a cause has none of its own");
                assert_texts(&code, texts, &["value", "column"]);
            }
        }
        for cause in Cause::ALL {
            let has_texts = |texts: &Texts| texts.causes.contains_key(cause);
            assert!(catalogue.rows.values().any(has_texts), "{cause:?}");
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
        let finding = Finding::new(RowCode::CarrierUnknown, "carrier", "{detail} {x")
            .with_detail("The number fits {value}");
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
